// Shows the API's document. The key typed into "Authorize" stays in this page and is gone with it.
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
