/**
 * An Action for Auth0's trigger "Send Phone Message" (custom-phone-provider).
 * Secrets of the Action: SENDCODE_URL, the hook's address, and SENDCODE_SECRET, its secret.
 */
exports.onExecuteCustomPhoneProvider = async (event, api) => {
  const { recipient, as_text, code, delivery_method, message_type, locale } = event.notification;
  const answer = await fetch(event.secrets.SENDCODE_URL, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${event.secrets.SENDCODE_SECRET}` },
    body: JSON.stringify({
      recipient, as_text, code, delivery_method, message_type, locale,
      ip: event.request && event.request.ip,
      correlation_id: event.transaction && event.transaction.correlation_id,
    }),
    signal: AbortSignal.timeout(5000),
  });
  if (answer.status === 429 || answer.status >= 500) return api.notification.retry(`Sendcode answered ${answer.status}`);
  if (!answer.ok) return api.notification.drop(`Sendcode answered ${answer.status}`);
};
