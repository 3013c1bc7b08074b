import assert from "node:assert/strict";
import { test } from "node:test";
import { addCounts, countReport, failedTests, printCounts } from "../../scripts/test_report.ts";

const BUN_REPORT = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="bun test" tests="4" failures="1" skipped="1">
  <testsuite name="t/a.test.ts">
    <testcase name="a &lt;x&gt; &quot;q&quot; > b" classname="" time="0.001" />
    <testcase name="skipped" classname=""><skipped message="TODO" /></testcase>
    <testsuite name="group"><testcase name="inner" classname="group" /></testsuite>
    <testcase name="fails"><failure type="AssertionError" message="1 !== 2">AssertionError</failure></testcase>
  </testsuite>
</testsuites>`;

const DENO_REPORT = `<testsuites name="deno test" tests="3">
    <testsuite name="./t/a.test.ts">
        <testcase name="works" classname="./t/a.test.ts" time="0.002">
        </testcase>
        <testcase name="skipped">
            <skipped/>
        </testcase>
        <testcase name="group &gt; inner"/>
    </testsuite>
</testsuites>`;

test("test counts are read from both runners' reports", () => {
  assert.deepEqual(countReport(BUN_REPORT, 1), { passed: 2, failed: 1, skipped: 1 });
  assert.deepEqual(countReport(DENO_REPORT, 0), { passed: 2, failed: 0, skipped: 1 });
});

test("test counts: a missing or cut-off report is one failure", () => {
  assert.deepEqual(countReport(undefined, 0), { passed: 0, failed: 1, skipped: 0 });
  assert.deepEqual(countReport(BUN_REPORT.slice(0, -20), 0), { passed: 0, failed: 1, skipped: 0 });
});

test("test counts: a runner that fails without a failed case is one failure", () => {
  assert.deepEqual(countReport(DENO_REPORT, 1), { passed: 2, failed: 1, skipped: 1 });
});

test("failed tests are named with their file, failures without a case too", () => {
  assert.deepEqual(failedTests(BUN_REPORT, 1), ["t/a.test.ts: fails\n    AssertionError"]);
  const renamed = BUN_REPORT.replace('name="fails"', 'name="a &lt;x&gt; fails"');
  assert.deepEqual(failedTests(renamed, 1), ["t/a.test.ts: a <x> fails\n    AssertionError"]);
  assert.deepEqual(failedTests(DENO_REPORT, 0), []);
  assert.match(failedTests(DENO_REPORT, 7).join(), /exit code is 7/);
  assert.match(failedTests(BUN_REPORT.slice(0, -20), 139).join(), /exit code 139/);
});

test("the closing line names skipped tests only when there are any", () => {
  assert.equal(printCounts({ passed: 3, failed: 0, skipped: 0 }), "3 passed, 0 failed");
  const sum = addCounts({ passed: 3, failed: 1, skipped: 0 }, { passed: 1, failed: 0, skipped: 2 });
  assert.equal(printCounts(sum), "4 passed, 1 failed, 2 skipped");
});
