"use strict";

const ui = SwaggerUIBundle({
  url: "/docs.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  validatorUrl: null,
  // After a sign-in, use the new access token for later calls. The browser handles the cookie.
  responseInterceptor(response) {
    const token = response.ok && response.body && response.body.token;
    if (token) {
      ui.preauthorizeApiKey("accessToken", token);
    }
    return response;
  },
});
