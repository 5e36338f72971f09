// The body that Ory Kratos posts to a hook of type `kratos`, for SMS and e-mail.
// Kratos's own template leaves login and registration codes out, except inside the text.
// Nothing about the user's identity is passed on.
local get(object, name) = if std.isObject(object) && std.objectHas(object, name) then object[name] else null;
local passed = [
  'login_code',
  'registration_code',
  'verification_code',
  'recovery_code',
  'verification_url',
  'recovery_url',
  'expires_in_minutes',
];

function(ctx)
  local data = get(ctx, 'template_data');
  {
    recipient: ctx.recipient,
    template_type: ctx.template_type,
    message_type: get(ctx, 'message_type'),
    subject: get(ctx, 'subject'),
    body: get(ctx, 'body'),
    html_body: get(ctx, 'html_body'),
    template_data: {
      [name]: data[name]
      for name in passed
      if get(data, name) != null
    },
  }
