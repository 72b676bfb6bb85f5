// What htmx leaves to the page: saying that the connection is lost, opening and closing dialogs,
// showing a picture whole. No state of the gate is kept here.
"use strict";
(() => {
  const SILENT_MS = 7000; // three beats and a little
  const LOOK_MS = 1000;
  const ASK_AGAIN_MS = 3000;
  const find = (selector) => document.querySelector(selector);
  const calmTitle = document.title;

  // ------------------------------------------------------------ connection
  let heard = performance.now();
  let asked = 0;
  let resting = false; // this browser has newer pages open: the stream went to one of them

  function lastShown() {
    const beat = find("[data-time]");
    return beat ? beat.dataset.time : "";
  }

  function show(lost) {
    if (document.body.classList.contains("lost") === lost) return;
    document.body.classList.toggle("lost", lost);
    find("#lost").hidden = !lost;
    if (lost) {
      find("#lost-since").textContent = lastShown();
      find("#question").close();
    }
  }

  // A connection can be dead without anybody having said so: silence counts, not errors.
  async function look() {
    const now = performance.now();
    if (now - heard < SILENT_MS || (resting && document.hidden)) return;
    show(true);
    if (now - asked < ASK_AGAIN_MS) return;
    asked = now;
    try {
      const reply = await fetch("/alive", { cache: "no-store", signal: AbortSignal.timeout(ASK_AGAIN_MS) });
      if (reply.status === 204) location.reload();
      else if (reply.status === 401 || reply.status === 403) location.assign("/login");
    } catch {
      // Still gone: the banner says so, and the next look asks again.
    }
  }

  document.addEventListener("htmx:sseMessage", (event) => {
    heard = performance.now();
    show(false);
    const built = event.target.querySelector("[data-build]");
    if (built && built.dataset.build !== document.body.dataset.build) location.reload();
    const held = document.querySelectorAll(".title[data-phase=held]").length;
    document.title = held ? `（${held}）车等待处理 · ${calmTitle}` : calmTitle;
  });
  document.addEventListener("htmx:sseError", (event) => {
    const source = event.detail.source;
    if (!source || source.readyState !== EventSource.CLOSED) return;
    // The server answered, and not with a stream: signed out, or on its way down.
    heard = -SILENT_MS;
    look();
  });
  document.addEventListener("htmx:sseClose", (event) => {
    if (event.detail.type !== "message") return;
    resting = true;
    show(true);
  });
  document.addEventListener("visibilitychange", () => {
    if (resting && !document.hidden) heard = -SILENT_MS;
    look();
  });
  setInterval(look, LOOK_MS);

  // ------------------------------------------------------------ dialogs and answers
  document.addEventListener("htmx:afterSwap", (event) => {
    const target = event.target;
    if (target.id === "question" && !target.open) target.showModal();
    if (target.id === "answers") {
      const answer = target.firstElementChild;
      if (answer && answer.dataset.tone === "done") setTimeout(() => answer.remove(), 4000);
    }
  });
  document.addEventListener("answered", () => find("#question").close());
  document.addEventListener("htmx:sendError", notSent);
  document.addEventListener("htmx:timeout", notSent);

  function notSent() {
    find("#question").close();
    find("#answers").replaceChildren(find("#not-sent").content.cloneNode(true));
  }

  document.addEventListener("click", (event) => {
    const dialog = event.target.closest("dialog");
    if (event.target.closest("[data-close]") || event.target === dialog) dialog.close();
    const answer = event.target.closest("[data-dismiss]");
    if (answer) answer.closest(".answer").remove();
    const link = event.target.closest("a.shot, a[data-whole]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    find("#whole img").src = link.href;
    find("#whole").showModal();
  });
})();
