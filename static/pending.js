"use strict";
/* What is under way is looked at again each second until it has ended. Without this script there is a link to reload. */
(() => {
  const LONGEST = 70;
  const announcer = document.getElementById("announcer");

  const follow = async (id, looks) => {
    const shown = document.getElementById(id);
    if (!("pending" in shown.dataset) || looks > LONGEST) return;
    try {
      const answer = await fetch(location.pathname, { headers: { Accept: "text/html" } });
      if (!answer.ok || answer.redirected) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.getElementById(id);
      if (!fresh) return;
      if (!("pending" in fresh.dataset)) announcer.textContent = fresh.dataset.ended ?? "";
      if (fresh.innerHTML !== shown.innerHTML || !("pending" in fresh.dataset)) shown.replaceWith(fresh);
    } catch {
      /* the next look may be luckier */
    }
    setTimeout(follow, 1000, id, looks + 1);
  };

  for (const shown of document.querySelectorAll("[data-pending][id]")) setTimeout(follow, 500, shown.id, 0);
})();
