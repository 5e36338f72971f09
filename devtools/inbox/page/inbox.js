// Shows what arrived: asks for the list once a second and draws what changed. Texts are only ever set as text.
"use strict";

const list = document.getElementById("list");
const drawn = new Map(); // id of an arrival -> its element
const words = new Map(); // id of an arrival -> what the filter looks in
let tag = "";
let first = true;

async function look() {
  try {
    const answer = await fetch("/messages.json", { headers: { "If-None-Match": tag }, cache: "no-store" });
    if (answer.status === 200) {
      draw(await answer.json());
      tag = answer.headers.get("ETag");
    }
    show("live", "live");
  } catch {
    show("lost", "not reachable, trying again");
  }
  setTimeout(look, document.hidden ? 3000 : 1000);
}

function draw(arrivals) {
  const ids = new Set(arrivals.map((arrival) => arrival.id));
  for (const [id, element] of drawn) {
    if (!ids.has(id)) {
      element.remove();
      drawn.delete(id);
      words.delete(id);
    }
  }
  for (const arrival of arrivals) {
    if (!drawn.has(arrival.id)) {
      drawn.set(arrival.id, build(arrival));
      words.set(arrival.id, [arrival.to, arrival.subject, arrival.text, arrival.reference].join("\n").toLowerCase());
      list.prepend(drawn.get(arrival.id));
      if (!first) announce(arrival);
    }
    countCopies(drawn.get(arrival.id), arrival.copies);
  }
  first = false;
  document.getElementById("empty").hidden = arrivals.length > 0;
  document.getElementById("clear").hidden = arrivals.length === 0;
  document.getElementById("filter").hidden = arrivals.length === 0;
  filter();
  document.title = (arrivals.length ? `(${arrivals.length}) ` : "") + "Inbox · Sendcode";
}

function filter() {
  const sought = document.getElementById("sought").value.trim().toLowerCase();
  const channel = document.getElementById("channel").value;
  let shown = 0;
  for (const [id, element] of drawn) {
    element.hidden = !words.get(id).includes(sought) || (channel !== "" && element.dataset.channel !== channel);
    if (!element.hidden) shown += 1;
  }
  document.getElementById("none").hidden = shown > 0 || drawn.size === 0;
}

function build(arrival) {
  const element = document.getElementById("arrival").content.firstElementChild.cloneNode(true);
  element.dataset.channel = arrival.channel;
  const part = (name) => element.querySelector("." + name);
  const at = new Date(arrival.received_at);
  part("channel").textContent = channelName(arrival);
  part("channel").classList.add(arrival.channel);
  part("to").textContent = arrival.to;
  part("time").textContent = at.toLocaleTimeString();
  part("time").dateTime = arrival.received_at;
  part("time").title = at.toLocaleString();
  part("subject").textContent = arrival.subject;
  part("subject").hidden = !arrival.subject;
  part("text").textContent = arrival.text || "(no text)";
  part("foot").textContent = footnote(arrival);
  part("foot").hidden = !footnote(arrival);
  part("console").hidden = !arrival.console;
  if (arrival.console) part("console").firstElementChild.href = arrival.console;
  offerViews(element, arrival);
  offerCode(element, /(?<!\d)\d{6}(?!\d)/.exec(arrival.text + "\n" + arrival.subject)?.[0]);
  return element;
}

// A mail as text, as HTML in a frame that runs and loads nothing, or as it came over the wire.
function offerViews(element, arrival) {
  if (arrival.channel !== "email") return;
  const views = element.querySelector(".views");
  const text = element.querySelector(".text");
  views.hidden = false;
  views.querySelector('[data-view="html"]').hidden = !arrival.html_present;
  views.addEventListener("click", async (event) => {
    const view = event.target.dataset.view;
    if (!view) return;
    for (const button of views.children) button.setAttribute("aria-pressed", String(button === event.target));
    element.querySelector(".other")?.remove();
    text.hidden = view !== "text";
    if (view !== "text") text.after(await other(arrival, view));
  });
}

async function other(arrival, view) {
  const address = `/messages/${arrival.id}/${view}`;
  const element = document.createElement(view === "html" ? "iframe" : "pre");
  element.className = "other";
  if (view === "html") {
    element.title = "The HTML of this mail";
    element.setAttribute("sandbox", "");
    element.src = address;
  } else {
    element.tabIndex = 0;
    try {
      element.textContent = await (await fetch(address)).text();
    } catch {
      element.textContent = "not reachable";
    }
  }
  return element;
}

function offerCode(element, code) {
  if (!code) return;
  const button = element.querySelector(".copy");
  element.querySelector(".code").hidden = false;
  element.querySelector(".digits").textContent = code;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(code);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(element.querySelector(".digits"));
      button.textContent = "Selected";
    }
    setTimeout(() => { button.textContent = "Copy code"; }, 2000);
  });
}

function countCopies(element, copies) {
  const badge = element.querySelector(".copies");
  badge.hidden = copies < 2;
  badge.textContent = `arrived ${copies} times`;
}

function footnote(arrival) {
  return [
    arrival.sender && `from ${arrival.sender}`,
    arrival.reference && `reference ${arrival.reference}`,
  ].filter(Boolean).join(" · ");
}

function channelName(arrival) {
  return arrival.channel === "sms" ? "SMS" : "E-mail";
}

function announce(arrival) {
  document.getElementById("news").textContent = `${channelName(arrival)} to ${arrival.to} arrived`;
}

function show(state, words) {
  const place = document.getElementById("state");
  place.className = "state " + state;
  if (place.textContent !== words) place.textContent = words;
}

document.getElementById("clear").addEventListener("click", async () => {
  try {
    await fetch("/messages", { method: "DELETE" });
    draw([]);
  } catch {
    show("lost", "not reachable, trying again");
  }
});
document.getElementById("filter").addEventListener("input", filter);
document.getElementById("filter").addEventListener("submit", (event) => event.preventDefault());
look();
