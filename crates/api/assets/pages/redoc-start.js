import { init } from "/docs/redoc.js";

init("/docs.json", { disableTelemetry: true }, document.getElementById("redoc"));
