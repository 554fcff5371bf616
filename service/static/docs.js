// FastAPI's own page does this in an inline script, which the Content-Security-Policy forbids.
SwaggerUIBundle({
  dom_id: "#api",
  url: "openapi.json",
  validatorUrl: null, // would send the API's address to another host
  tryItOutEnabled: true,
  defaultModelsExpandDepth: 0,
});
