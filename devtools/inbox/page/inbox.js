// Shows what arrived: asks for the list once a second and draws what changed. Texts are only ever set as text.
"use strict";

const list = document.getElementById("list");
const drawn = new Map(); // id of an arrival -> its element
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
    }
  }
  for (const arrival of arrivals) {
    if (!drawn.has(arrival.id)) {
      drawn.set(arrival.id, build(arrival));
      list.prepend(drawn.get(arrival.id));
      if (!first) announce(arrival);
    }
    countCopies(drawn.get(arrival.id), arrival.copies);
  }
  first = false;
  document.getElementById("empty").hidden = arrivals.length > 0;
  document.getElementById("clear").hidden = arrivals.length === 0;
  document.title = (arrivals.length ? `(${arrivals.length}) ` : "") + "Inbox · Sendcode";
}

function build(arrival) {
  const element = document.getElementById("arrival").content.firstElementChild.cloneNode(true);
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
  offerCode(element, /(?<!\d)\d{6}(?!\d)/.exec(arrival.text + "\n" + arrival.subject)?.[0]);
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
    arrival.html_present && "has an HTML part",
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
look();
