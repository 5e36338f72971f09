"use strict";
/* The button "Send code": sends without leaving the page, and counts down to the time that the server allows.
   Without this script the same forms work; the server then refuses a press that comes too early. */
(() => {
  const announcer = document.getElementById("announcer");
  const SPOKEN = [30, 10];

  function say(text) {
    announcer.textContent = "";
    requestAnimationFrame(() => { announcer.textContent = text; });
  }

  function start(card, isFresh) {
    const form = card.querySelector("[data-send]");
    const input = form.querySelector("input:not([type=hidden])");
    const button = form.querySelector("button");
    const texts = button.dataset;
    // The server gives the remaining seconds, so a wrong local clock does no harm.
    const readyAt = performance.now() + Number(texts.secondsLeft) * 1000;
    const label = (text, seconds) => text.replace("{seconds}", seconds);
    let said = null;
    let isSending = false;

    form.querySelector("[data-without-script]")?.remove();

    function announce(seconds) {
      if (seconds === said) return;
      if (seconds === 0 && said !== null) say(texts.announceReady);
      if (SPOKEN.includes(seconds)) say(label(texts.announceWait, seconds));
      said = seconds;
    }

    function show() {
      if (isSending) return;
      const seconds = Math.max(0, Math.ceil((readyAt - performance.now()) / 1000));
      const isSame = texts.sentTo !== "" && input.value.trim().toLowerCase() === texts.sentTo.toLowerCase();
      button.disabled = isSame && seconds > 0;
      const text = !isSame ? texts.first : seconds > 0 ? label(texts.wait, seconds) : texts.again;
      if (button.textContent !== text) button.textContent = text;
      announce(seconds);
    }

    function tick() {
      if (!card.isConnected) return;
      show();
      const left = readyAt - performance.now();
      if (left > 0) setTimeout(tick, left % 1000 + 10);
    }

    async function send(event) {
      event.preventDefault();
      if (isSending) return;
      isSending = true;
      button.disabled = true;
      button.textContent = texts.sending;
      try {
        const answer = await fetch(form.action, {
          method: "POST", body: new FormData(form), headers: { "X-Card": "1" }, credentials: "same-origin",
        });
        if (answer.redirected) return location.assign(answer.url);
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const next = page.querySelector("[data-change]");
        if (!next) return failed(page.querySelector("h1")?.textContent || texts.lost);
        card.replaceWith(next);
        start(next, true);
        document.dispatchEvent(new Event("partschanged"));
      } catch {
        failed(texts.lost);
      }
    }

    function failed(text) {
      isSending = false;
      const note = form.querySelector("[data-failed]") || document.createElement("p");
      note.className = "error";
      note.dataset.failed = "";
      note.textContent = text;
      form.append(note);
      say(text);
      show();
      input.focus();
    }

    // Which number the code would go to: what is typed without a country code may mean another than one thinks.
    const hint = form.querySelector("[data-understood]");
    let asked = 0;
    let timer = 0;

    async function understand() {
      const mine = ++asked;
      if (!input.value.trim()) { hint.textContent = ""; return; }
      try {
        const answer = await fetch(hint.dataset.understood, {
          method: "POST", body: new FormData(form), credentials: "same-origin",
        });
        const text = answer.ok && !answer.redirected ? await answer.text() : "";
        if (mine === asked) hint.textContent = text;
      } catch {
        // the number is shown once the code is sent
      }
    }

    form.addEventListener("submit", send);
    input.addEventListener("input", show);
    if (hint) input.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(understand, 400); });
    if (isFresh) {
      card.querySelector("[autofocus]")?.focus();
      const error = card.querySelector("p.error");
      const sent = card.querySelector("[data-announce]");
      say((error || sent || announcer).textContent);
    }
    tick();
  }

  for (const card of document.querySelectorAll("[data-change]")) start(card, false);
})();
