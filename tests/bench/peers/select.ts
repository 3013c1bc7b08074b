/** What `tests/bench/app/src/select.lua` does, with `node:sqlite` alone. */
import { DatabaseSync } from "node:sqlite";
const [what, count] = [process.argv[2], Number(process.argv[3])];
const db = new DatabaseSync(":memory:");
db.exec("CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT, price REAL)");
const insert = db.prepare("INSERT OR REPLACE INTO item VALUES (?, ?, ?)");
for (let i = 1; i <= 1000; i++) insert.run(i, `item ${i}`, i * 0.5);
const point = db.prepare("SELECT id, name, price FROM item WHERE id = ?");
const all = db.prepare("SELECT id, name, price FROM item ORDER BY id");
const runs: Record<string, (n: number) => void> = {
  point: (n) => {
    for (let i = 1; i <= n; i++) {
      const rows = point.all(i % 1000 + 1) as { id: number }[];
      if (rows[0]!.id !== i % 1000 + 1) throw new Error("wrong row");
    }
  },
  rows: (n) => {
    for (let i = 1; i <= n / 1000; i++) {
      const rows = all.all() as { id: number }[];
      if (rows[999]!.id !== 1000) throw new Error("wrong row");
    }
  },
  insert: (n) => {
    db.exec("BEGIN");
    for (let i = 1; i <= n; i++) {
      const { changes } = insert.run(i % 100_000 + 1, "an item", i * 0.5);
      if (changes !== 1) throw new Error("no row");
    }
    db.exec("COMMIT");
  },
};
const run = runs[what!]!;
run(count / 10);
const started = performance.now();
run(count);
console.log(count / ((performance.now() - started) / 1000));
