// Numbers with their units, and times in the device's zone.

import { facts } from "./texts.js";

const locale = navigator.language || facts.language;
const formats = new Map();

function format(options) {
  const key = JSON.stringify(options);
  if (!formats.has(key)) {
    formats.set(key, new Intl.DateTimeFormat(locale, { timeZone: facts.zone, hourCycle: "h23", ...options }));
  }
  return formats.get(key);
}

function moment(seconds) {
  return new Date(seconds * 1000);
}

export function clock(seconds) {
  return format({ hour: "2-digit", minute: "2-digit" }).format(moment(seconds));
}

export function clockSeconds(seconds) {
  return format({ hour: "2-digit", minute: "2-digit", second: "2-digit" }).format(moment(seconds));
}

export function day(seconds) {
  return format({ day: "numeric", month: "short" }).format(moment(seconds));
}

export function longDay(seconds) {
  return format({ weekday: "short", day: "numeric", month: "short", year: "numeric" }).format(moment(seconds));
}

/** The clock's time, with the day where it is not today. */
export function when(seconds) {
  const today = longDay(Date.now() / 1000) === longDay(seconds);
  return today ? clock(seconds) : `${longDay(seconds)}, ${clock(seconds)}`;
}

export function fromIso(text) {
  return Date.parse(text) / 1000;
}

export function period(since, until) {
  const date = { weekday: "short", day: "numeric", month: "short", year: "numeric" };
  if (longDay(since) === longDay(until - 1)) {
    return `${longDay(since)}, ${clock(since)} – ${clock(until)}`;
  }
  return format(date).formatRange(moment(since), moment(until));
}

/** As a person says it: 45 s, 12 min, 3 h 20 min, 4 d 6 h. */
export function duration(seconds) {
  if (seconds < 100) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  return hours % 24 ? `${Math.floor(hours / 24)} d ${hours % 24} h` : `${hours / 24} d`;
}

export function percent(share) {
  if (share > 0 && share < 0.01) return "< 1 %";
  return `${Math.round(share * 100)} %`;
}

export function number(value, digits = 0) {
  return value.toLocaleString(locale, { maximumFractionDigits: digits, minimumFractionDigits: digits });
}

export function bytes(count) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  let value = count;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${number(value, value < 10 && unit > 0 ? 1 : 0)} ${units[unit]}`;
}

/** The short names of the days, Monday first. */
export function weekdays() {
  const names = new Intl.DateTimeFormat(locale, { weekday: "short", timeZone: "UTC" });
  return [5, 6, 7, 8, 9, 10, 11].map((date) => names.format(new Date(Date.UTC(2026, 0, date))));
}
