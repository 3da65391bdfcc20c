"use strict";

init("/docs.json", { disableTelemetry: true }, document.getElementById("redoc"));
