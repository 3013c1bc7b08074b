import assert from "node:assert/strict";
import { test } from "node:test";
import {
  civilOfSeconds,
  dateOfDays,
  daysInMonth,
  daysOfDate,
  isoWeekOfDays,
  secondsOfCivil,
  utcOfLocalSeconds,
  weekdayOfDays,
  yearDayOfDays,
} from "./calendar.ts";
import { abbreviationOffset, zoneAbbreviation } from "./zone_names.ts";

test("days and dates agree with the platform's calendar over 3000 years", () => {
  for (let days = -400_000; days < 700_000; days += 173) {
    const date = new Date(days * 86_400_000);
    const found = dateOfDays(days);
    assert.deepEqual(found, {
      year: date.getUTCFullYear(),
      month: date.getUTCMonth() + 1,
      day: date.getUTCDate(),
    });
    assert.equal(daysOfDate(found.year, found.month, found.day), days);
    assert.equal(weekdayOfDays(days), date.getUTCDay());
  }
});

test("months and days carry over", () => {
  assert.deepEqual(dateOfDays(daysOfDate(2024, 14, 1)), { year: 2025, month: 2, day: 1 });
  assert.deepEqual(dateOfDays(daysOfDate(2024, 1, 0)), { year: 2023, month: 12, day: 31 });
  assert.deepEqual(dateOfDays(daysOfDate(2024, -11, 31)), { year: 2023, month: 1, day: 31 });
  assert.equal(daysInMonth(2024, 2), 29);
  assert.equal(daysInMonth(1900, 2), 28);
  assert.equal(daysInMonth(2023, 12), 31);
});

test("seconds before the epoch have times of day", () => {
  const civil = { year: 1969, month: 12, day: 31, hour: 23, minute: 59, second: 59 };
  assert.deepEqual(civilOfSeconds(-1), civil);
  assert.equal(secondsOfCivil(civil), -1);
  assert.equal(secondsOfCivil({ year: 1, month: 1, day: 1, hour: 0, minute: 0, second: 0 }), -62_135_596_800);
});

test("iso weeks turn with the week of the first Thursday", () => {
  const week = (year: number, month: number, day: number): number =>
    isoWeekOfDays(daysOfDate(year, month, day));
  assert.equal(week(2024, 6, 15), 24);
  assert.equal(week(2021, 1, 3), 53);
  assert.equal(week(2021, 1, 4), 1);
  assert.equal(week(2024, 12, 30), 1);
  assert.equal(week(2020, 12, 31), 53);
  assert.equal(yearDayOfDays(daysOfDate(2024, 12, 31)), 366);
});

test("a local time around a change of offset maps to one of the two", () => {
  // The offset is one hour until second 10000, two hours after.
  const offsetAt = (utc: number): number => utc < 10_000 ? 3600 : 7200;
  assert.equal(utcOfLocalSeconds(5000 + 3600, offsetAt), 5000);
  assert.equal(utcOfLocalSeconds(20_000 + 7200, offsetAt), 20_000);
});

test("zones have abbreviations, or their offset", () => {
  assert.equal(zoneAbbreviation("America/New_York", -300), "EST");
  assert.equal(zoneAbbreviation("America/New_York", -240), "EDT");
  assert.equal(zoneAbbreviation("Asia/Tokyo", 540), "JST");
  assert.equal(zoneAbbreviation("America/Sao_Paulo", -180), "-03");
  assert.equal(zoneAbbreviation("Asia/Kathmandu", 345), "+0545");
  assert.equal(abbreviationOffset("Europe/Berlin", "CEST"), 120);
  assert.equal(abbreviationOffset("Europe/Berlin", "EST"), undefined);
});
