/** Every operation of the API that needs a key, by its name in the OpenAPI document. */
export const OPERATIONS = {
  issueVerification: ["POST", "/verifications"],
  getVerification: ["GET", "/verifications/{id}"],
  checkVerification: ["POST", "/verifications/{id}/check"],
  checkNewestVerification: ["POST", "/verifications/check"],
  resendVerification: ["POST", "/verifications/{id}/resend"],
  takeNextChannel: ["POST", "/verifications/{id}/next-channel"],
  cancelVerification: ["POST", "/verifications/{id}/cancel"],
  sendMessage: ["POST", "/messages"],
  listMessages: ["GET", "/messages"],
  getMessage: ["GET", "/messages/{id}"],
  cancelMessage: ["POST", "/messages/{id}/cancel"],
  resendMessage: ["POST", "/messages/{id}/resend"],
  startBroadcast: ["POST", "/broadcasts"],
  startBroadcastFromFile: ["POST", "/broadcasts/csv"],
  getBroadcast: ["GET", "/broadcasts/{id}"],
  pauseBroadcast: ["POST", "/broadcasts/{id}/pause"],
  resumeBroadcast: ["POST", "/broadcasts/{id}/resume"],
  cancelBroadcast: ["POST", "/broadcasts/{id}/cancel"],
  getStatistics: ["GET", "/stats"],
  addWebhook: ["POST", "/webhooks"],
  listWebhooks: ["GET", "/webhooks"],
  getWebhook: ["GET", "/webhooks/{id}"],
  editWebhook: ["PATCH", "/webhooks/{id}"],
  removeWebhook: ["DELETE", "/webhooks/{id}"],
  rotateWebhook: ["POST", "/webhooks/{id}/rotate"],
  testWebhook: ["POST", "/webhooks/{id}/test"],
  listDeliveries: ["GET", "/webhooks/{id}/deliveries"],
  replayDeliveries: ["POST", "/webhooks/{id}/replay"],
};

/** Return the path of a call after `/api/v1`, with its id as one segment and its query. */
export function pathOf(template, id, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
  const search = given.length ? `?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}` : "";
  if (template.includes("{id}") && (typeof id !== "string" || ["", ".", ".."].includes(id))) {
    throw new TypeError("this is no id");
  }
  return template.replace("{id}", () => encodeURIComponent(id)) + search;
}
