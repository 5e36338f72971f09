"use strict";
/* Tells the browser's time zone to the sign-in: who has never chosen one gets it. Without this script times are in UTC. */
(() => {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone) document.cookie = `zone=${zone}; path=/cms; max-age=3600; samesite=lax`;
})();
