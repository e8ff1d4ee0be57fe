// Countdowns, and timestamps in the user's time zone.

const span = (seconds) => {
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const two = (number) => String(number).padStart(2, '0');
  if (minutes === 0) return `${seconds}\u00a0s`;
  if (hours === 0) return `${minutes}\u00a0min ${two(seconds % 60)}\u00a0s`;
  return `${hours}\u00a0h ${two(minutes % 60)}\u00a0min`;
};

const began = performance.now();
const passed = () => Math.floor((performance.now() - began) / 1000);
const running = [];

/** When a wait is over, shows the link that continues, which scripts hide until then. */
const wayOn = document.querySelector('[data-after-wait]');
if (wayOn) wayOn.hidden = true;
const showWayOn = (element) => {
  const wait = element.closest('[data-until-over]');
  if (!wayOn || !wait) return;
  wait.textContent = wait.dataset.untilOver;
  wayOn.hidden = false;
  for (const it of document.querySelectorAll('[data-until-end]')) it.hidden = true;
  for (const it of document.querySelectorAll('[data-at-end]')) it.textContent = it.dataset.atEnd;
};

for (const element of document.querySelectorAll('[data-seconds]')) {
  const seconds = Number(element.dataset.seconds);
  running.push(() => {
    const left = Math.max(0, seconds - passed());
    element.textContent = left > 0 ? span(left) : element.dataset.over;
    if (left === 0) showWayOn(element);
    return left > 0;
  });
}

for (const button of document.querySelectorAll('button[data-after]')) {
  const seconds = Number(button.dataset.after);
  const text = button.textContent;
  running.push(() => {
    const left = Math.max(0, seconds - passed());
    button.disabled = left > 0;
    button.textContent = left > 0 ? `${button.dataset.wait} ${span(left)}` : text;
    return left > 0;
  });
}

for (const line of document.querySelectorAll('[data-left]')) {
  const period = Number(line.dataset.period);
  const start = period - Number(line.dataset.left);
  const number = line.querySelector('strong');
  const dial = line.querySelector('.dial-left');
  running.push(() => {
    const into = (start + (performance.now() - began) / 1000) % period;
    number.textContent = String(Math.ceil(period - into));
    dial.setAttribute('stroke-dasharray', `${(100 * (period - into)) / period} 100`);
    return true;
  });
}

const tick = () => {
  const alive = running.filter((run) => run());
  running.length = 0;
  running.push(...alive);
  if (running.length > 0) setTimeout(tick, 1000 - ((performance.now() - began) % 1000));
};
tick();

// Each time names its zone: the reader's, or that of the page. Date and time are joined as in the text of the server.
const { format: language, zone } = document.documentElement.dataset;
const dates = new Intl.DateTimeFormat(language, { day: 'numeric', month: 'short', year: 'numeric', timeZone: zone });
const hours = new Intl.DateTimeFormat(language, { hour: 'numeric', minute: '2-digit', timeZoneName: 'short', timeZone: zone });
const joint = language === 'fr' ? ' à ' : ', ';
for (const time of document.querySelectorAll('time.moment')) {
  const at = new Date(time.dateTime);
  time.textContent = dates.format(at) + joint + hours.format(at);
}
