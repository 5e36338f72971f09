// Shows the API's OpenAPI document. The key typed into "Authorize" is kept in this page only and lost with it.
const docs = document.getElementById("docs");
SwaggerUIBundle({
  url: docs.dataset.document,
  domNode: docs,
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  persistAuthorization: false,
  validatorUrl: null,
});
