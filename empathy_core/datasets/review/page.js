"use strict";
// Texts of the sheet reach the page as text nodes only (`append`, `textContent`), never as HTML.

const sheet = JSON.parse(document.getElementById("sheet").textContent);
const DECISION = {id: "decision", text: "Decision", options: [
  {value: "accept", label: "accept", key: "a", meaning: "It can stay as it is."},
  {value: "edit", label: "edit", key: "e", meaning: "It can stay once you have corrected it in the box."},
  {value: "reject", label: "reject", key: "r", meaning: "It has to go."},
]};
const REASON = {id: "reason", text: "Reason for rejecting", options: sheet.reasons};
const EDITED = {id: "edited", text: "Corrected reply", options: []};
const decides = sheet.reasons.length > 0;
const KEYS = [
  ["1 … 9", "answer the marked question; the mark moves on"],
  ...(decides ? [["a e r", "accept, edit or reject the marked reply"], ["Esc", "leave the correction box"]] : []),
  ["← →", "mark another reply"], ["↑ ↓", "mark another question"],
  ["n p", "next, previous screen"], ["u", "next screen with an open question"],
  ["d", "download your decisions"], ["h", "this help; change the name"],
];
const PRIVACY = "Everything also works with the mouse. Nothing is sent: answers stay here and in your download.";
const total = sheet.screens.flatMap((screen) => screen.items).length;
const storeKey = `empathy-review/${sheet.version}`;
const element = (id) => document.getElementById(id);

let rater = "";
let state;  // what the browser keeps: the screen, and a record for every item
let mark;  // the reply (its place on the screen) and the question that the keys answer
let since;  // when the mark came there

// What is asked, and what is still open.

const items = () => sheet.screens[state.screen].items;
const recordOf = (item) => state.records[item.id] ??= {answers: {}, edited: item.response, seconds: 0, time: ""};

function questionsFor(item) {
  if (!decides) return sheet.questions;
  const details = {reject: [REASON], edit: [EDITED]}[recordOf(item).answers.decision] ?? [];
  return [...sheet.questions, DECISION, ...details];
}

function isOpen(item, question) {
  const {answers, edited} = recordOf(item);
  if (question === EDITED) return ["", item.response.trim()].includes(edited.trim());
  return !(question.id in answers);
}

const firstOpen = (item) => questionsFor(item).find((question) => isOpen(item, question));
const isRated = (item) => firstOpen(item) === undefined;
const ratedItems = () => sheet.screens.flatMap((screen) => screen.items).filter(isRated);

function nextMark(start) {
  const places = items().map((_, step) => (start + step) % items().length);
  const place = places.find((one) => !isRated(items()[one])) ?? start;
  return markOn(place);
}

function markOn(place) {
  return {place, question: firstOpen(items()[place]) ?? sheet.questions[0]};
}

function answer(place, question, value) {
  countSeconds();
  const record = recordOf(items()[place]);
  record.answers[question.id] = value;
  if (question === DECISION && value !== "reject") delete record.answers.reason;
  record.time = new Date().toISOString();
  moveMark(question === DECISION && value === "edit" ? {place, question: EDITED} : nextMark(place));
}

// The state stays in this browser, one entry for each version of the sheet and each rater.

function stored(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;  // `save` warns
  }
}

function save() {
  try {
    localStorage.setItem(storeKey, rater);
    localStorage.setItem(`${storeKey}/${rater}`, JSON.stringify(state));
  } catch (error) {
    element("warning").textContent = `This browser keeps no answers (${error.name}): download them before you leave.`;
    element("warning").hidden = false;
  }
}

function begin(name) {
  rater = name;
  state = JSON.parse(stored(`${storeKey}/${rater}`)) ?? {screen: 0, records: {}};
  mark = nextMark(0);
  since = performance.now();
  goTo(state.screen);
}

function countSeconds() {
  const now = performance.now();
  if (mark) recordOf(items()[mark.place]).seconds += (now - since) / 1000;
  since = now;
}

function countUntilHidden() {
  if (document.hidden && mark) {
    countSeconds();
    save();
  }
  since = performance.now();
}

function lineOf(item) {
  const {answers: {decision = null, reason = "", ...answers}, edited, seconds, time} = recordOf(item);
  return JSON.stringify({
    item_id: item.id, content_hash: item.content_hash, rater, decision, reason,
    edited_text: decision === "edit" ? edited.trim() : "", answers, seconds: Math.round(seconds * 10) / 10,
    page_version: sheet.version, time,
  }) + "\n";
}

function download() {
  const file = new Blob(ratedItems().map(lineOf), {type: "application/jsonl"});
  const name = `decisions-${rater.replace(/[^\p{L}\p{N}]+/gu, "-")}.jsonl`;
  make("a", {href: URL.createObjectURL(file), download: name}).click();
}

// Moving about.

function moveMark(to) {
  countSeconds();
  mark = to;
  save();
  draw();
}

function moveToReply(step) {
  const place = (mark.place + step + items().length) % items().length;
  moveMark({place, question: questionsFor(items()[place]).find((one) => one === mark.question) ?? sheet.questions[0]});
}

function moveToQuestion(step) {
  const questions = questionsFor(items()[mark.place]);
  const question = questions[questions.indexOf(mark.question) + step];
  if (question) moveMark({place: mark.place, question});
}

function goTo(screen) {
  countSeconds();
  state.screen = Math.min(Math.max(screen, 0), sheet.screens.length - 1);
  mark = nextMark(0);
  save();
  draw();
}

function goToUnrated() {
  const later = sheet.screens.map((_, step) => (state.screen + 1 + step) % sheet.screens.length);
  const screen = later.find((one) => !sheet.screens[one].items.every(isRated));
  if (screen !== undefined) goTo(screen);
}

function leaveBox() {
  const {place} = mark;
  moveMark(isOpen(items()[place], EDITED) ? {place, question: DECISION} : nextMark(place));
}

const COMMANDS = {
  n: () => goTo(state.screen + 1), p: () => goTo(state.screen - 1), u: goToUnrated, d: download, h: welcome,
  ArrowLeft: () => moveToReply(-1), ArrowRight: () => moveToReply(1),
  ArrowUp: () => moveToQuestion(-1), ArrowDown: () => moveToQuestion(1),
};
const keyOf = (option, place) => option.key ?? String(place + 1);

function press(event) {
  if (!mark || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.matches("textarea")) {
    if (event.key === "Escape") leaveBox();
    return;
  }
  for (const question of decides ? [mark.question, DECISION] : [mark.question]) {
    const option = question.options.find((one, place) => keyOf(one, place) === event.key);
    if (option) {
      event.preventDefault();  // else the key that opens the correction box is typed into it
      return answer(mark.place, question, option.value);
    }
  }
  if (event.key in COMMANDS) {
    event.preventDefault();
    COMMANDS[event.key]();
  }
}

// Drawing.

function make(tag, properties, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

function draw() {
  const screen = sheet.screens[state.screen], rated = ratedItems().length;
  document.body.className = "rating";
  element("main").replaceChildren(
    make("section", {className: "prompt"},
      make("h2", {}, `Message ${state.screen + 1} of ${sheet.screens.length}`), make("p", {}, screen.prompt)),
    make("section", {className: "items"}, ...screen.items.map(drawItem)),
  );
  element("progress").value = rated / total;
  element("count").textContent = `${rated} of ${total} replies rated`;
  element("previous").disabled = state.screen === 0;
  element("next").disabled = state.screen === sheet.screens.length - 1;
  element("guide").replaceChildren(...drawGuide(rated));
  const marked = document.querySelector(".question.marked textarea") ?? document.querySelector(".question.marked");
  marked.focus({preventScroll: true});
  marked.scrollIntoView({block: "nearest"});
}

function drawItem(item, place) {
  const classes = ["item", place === mark.place ? "marked" : "", isRated(item) ? "rated" : ""];
  const questions = questionsFor(item).map((question) => drawQuestion(item, place, question));
  return make("article", {className: classes.join(" "), onclick: () => place === mark.place || moveMark(markOn(place))},
    make("h3", {}, replyName(place)), make("p", {}, item.response), make("div", {}, ...questions));
}

function drawQuestion(item, place, question) {
  const marked = place === mark.place && question === mark.question ? "marked" : "";
  const answers = question === EDITED ? [drawBox(item, place)]
    : question.options.map((option, i) => drawOption(item, place, question, option, keyOf(option, i)));
  const name = make("span", {className: "name"}, question.text);
  return make("div", {className: `question ${marked}`, tabIndex: -1, role: "group",
    ariaLabel: `${question.text}, ${replyName(place)}`}, name, ...answers);
}

function drawOption(item, place, question, option, key) {
  const chosen = recordOf(item).answers[question.id] === option.value;
  const onclick = (event) => {
    event.stopPropagation();
    answer(place, question, option.value);
  };
  const properties = {onclick, title: option.meaning, className: chosen ? "chosen" : "", ariaPressed: String(chosen)};
  return make("button", properties, make("kbd", {}, key), option.label === key ? "" : ` ${option.label}`);
}

function drawBox(item, place) {
  const box = make("textarea", {value: recordOf(item).edited, rows: 7, spellcheck: true,
    ariaLabel: `${EDITED.text}, ${replyName(place)}`});
  box.onfocus = () => { mark = {place, question: EDITED}; };
  box.oninput = () => {
    Object.assign(recordOf(item), {edited: box.value, time: new Date().toISOString()});
    save();
  };
  return box;
}

function replyName(place) {
  return items().length > 1 ? `Reply ${place + 1}` : "Reply";
}

function drawGuide(rated) {
  if (rated === total) return [make("b", {}, "Everything is rated: press d to download your decisions.")];
  if (items().every(isRated)) return [make("b", {}, "This screen is done: press n for the next.")];
  const what = mark.question === EDITED ? "correct it, then press Esc" : mark.question.text;
  return [make("b", {}, `${replyName(mark.place)}: ${what}`), ...drawMeanings(mark.question)];
}

function drawMeanings(question) {
  return question.options.map((option, i) => {
    const key = keyOf(option, i), label = option.label === key ? "" : ` ${option.label}`;
    return make("span", {className: "meaning"}, make("kbd", {}, key), make("b", {}, label), ` ${option.meaning}`);
  });
}

function welcome() {
  if (mark) countSeconds();
  mark = undefined;
  document.body.className = "welcome";
  const name = make("input", {id: "rater", value: rater, autocomplete: "off", required: true, maxLength: 80});
  const start = make("button", {}, rater ? "Continue" : "Start rating");
  const form = make("form", {}, make("label", {htmlFor: "rater"}, "Your name or initials"), name, start);
  form.onsubmit = (event) => {
    event.preventDefault();
    if (name.value.trim()) begin(name.value.trim());
  };
  const asked = decides ? [...sheet.questions, DECISION, REASON] : sheet.questions;
  const keys = KEYS.flatMap(([key, text]) => [make("dt", {}, make("kbd", {}, key)), make("dd", {}, text)]);
  element("main").replaceChildren(
    ...sheet.instructions.map((text) => make("p", {}, text)), form,
    make("section", {className: "columns"},
      make("div", {}, ...asked.flatMap((question) => [make("h2", {}, question.text), ...drawMeanings(question)])),
      make("div", {}, make("h2", {}, "Keys"), make("dl", {}, ...keys), make("p", {className: "small"}, PRIVACY))),
  );
  name.focus();
}

for (const [id, key] of [["previous", "p"], ["next", "n"], ["unrated", "u"], ["help", "h"], ["download", "d"]]) {
  element(id).onclick = COMMANDS[key];
}
document.addEventListener("keydown", press);
document.addEventListener("visibilitychange", countUntilHidden);
if (stored(storeKey)) begin(stored(storeKey)); else welcome();
