/** Point selects per second with `node:sqlite` alone. */
import { DatabaseSync } from "node:sqlite";
const count = Number(process.argv[2]);
const db = new DatabaseSync(":memory:");
db.exec("CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT, price REAL)");
const insert = db.prepare("INSERT INTO item VALUES (?, ?, ?)");
for (let i = 1; i <= 1000; i++) insert.run(i, `item ${i}`, i * 0.5);
const select = db.prepare("SELECT id, name, price FROM item WHERE id = ?");
function run(n: number): void {
  for (let i = 1; i <= n; i++) {
    const rows = select.all(i % 1000 + 1) as { id: number }[];
    if (rows[0]!.id !== i % 1000 + 1) throw new Error("wrong row");
  }
}
run(count / 10);
const started = performance.now();
run(count);
console.log(count / ((performance.now() - started) / 1000));
