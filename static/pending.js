"use strict";
/* What is under way is looked at again until it has ended: all parts of the page with `data-pending`, the seconds
   between two looks. Not while nobody looks, for each look also keeps the session awake: a hidden page waits, and so
   does one at which nobody has moved for a while. Without this script there is a link to reload. */
(() => {
  const WATCHED = 15 * 60 * 1000;
  const announcer = document.getElementById("announcer");
  let movedAt = performance.now();

  const parts = () => [...document.querySelectorAll("[data-pending][id]")];
  // A form holds a token that is another one each time; what it shows depends on its state alone.
  const seen = (part) => part.dataset.state ?? part.innerHTML;

  const replace = (shown, fresh) => {
    const link = shown.contains(document.activeElement) && document.activeElement.getAttribute("href");
    shown.replaceWith(fresh);
    if (link) fresh.querySelector(`a[href="${CSS.escape(link)}"]`)?.focus({ preventScroll: true });
  };

  const renew = (page) => {
    for (const shown of parts()) {
      const fresh = page.getElementById(shown.id);
      const hasEnded = !fresh || !("pending" in fresh.dataset);
      if (hasEnded && fresh?.dataset.ended) announcer.textContent = fresh.dataset.ended;
      if (!fresh) delete shown.dataset.pending;
      else if (hasEnded || seen(fresh) !== seen(shown)) replace(shown, fresh);
    }
  };

  const look = async () => {
    if (!document.hidden && performance.now() - movedAt < WATCHED) {
      try {
        const answer = await fetch(location.pathname, { headers: { Accept: "text/html" } });
        if (answer.redirected || answer.status === 404) return;
        if (answer.ok) renew(new DOMParser().parseFromString(await answer.text(), "text/html"));
      } catch {
        /* the next look may be luckier */
      }
    }
    wait();
  };

  const wait = () => {
    const seconds = parts().map((part) => Number(part.dataset.pending) || 1);
    if (seconds.length) setTimeout(look, 1000 * Math.min(...seconds));
  };

  for (const sign of ["pointermove", "keydown", "visibilitychange"]) {
    document.addEventListener(sign, () => { movedAt = performance.now(); }, { passive: true });
  }
  wait();
})();
