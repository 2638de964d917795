// Times are sent in UTC, and shown in the user's time zone.

for (const time of document.querySelectorAll("time[datetime]")) {
  const moment = new Date(time.dateTime);
  if (Number.isNaN(moment.valueOf())) continue;
  const isPrecise = "precise" in time.dataset;
  time.title = moment.toLocaleString(undefined, { dateStyle: "full", timeStyle: "long" });
  time.textContent = isPrecise
    ? moment.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 })
    : moment.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}
