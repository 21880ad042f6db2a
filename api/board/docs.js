"use strict";

// validatorUrl: null keeps Swagger UI from sending the document to a validator on the internet.
window.SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#api",
  deepLinking: true,
  validatorUrl: null,
  defaultModelsExpandDepth: 0,
});
