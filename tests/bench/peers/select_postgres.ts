/** Point selects per second with postgres.js alone. */
import postgres from "postgres";
const count = Number(process.argv[2]);
const sql = postgres({
  host: "127.0.0.1",
  port: Number(process.env["BENCH_POSTGRES_PORT"]),
  database: "postgres",
  username: "postgres",
  max: 1,
  onnotice: () => {},
});
await sql`CREATE TEMPORARY TABLE item (id INTEGER PRIMARY KEY, name TEXT, price DOUBLE PRECISION)`;
await sql`INSERT INTO item SELECT i, 'item ' || i, i * 0.5 FROM generate_series(1, 1000) AS i`;
async function run(n: number): Promise<void> {
  for (let i = 1; i <= n; i++) {
    const rows = await sql`SELECT id, name, price FROM item WHERE id = ${i % 1000 + 1}`;
    if (rows[0]!["id"] !== i % 1000 + 1) throw new Error("wrong row");
  }
}
await run(count / 10);
const started = performance.now();
await run(count);
console.log(count / ((performance.now() - started) / 1000));
await sql.end();
