"use strict";

const ui = SwaggerUIBundle({
  url: "/docs.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  validatorUrl: null,
  // Whoever signs in here goes on with the new access token; the cookie is the browser's affair.
  responseInterceptor(response) {
    const token = response.ok && response.body && response.body.token;
    if (token) {
      ui.preauthorizeApiKey("accessToken", token);
    }
    return response;
  },
});
