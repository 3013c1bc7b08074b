/** Milliseconds for the document of `app/src/json.lua` with the engine's own JSON: json.ts encode|decode ROWS */
const rows = Array.from({ length: Number(process.argv[3]) }, (_, at) => {
  const i = at + 1;
  return {
    id: i,
    name: `customer ${i}`,
    email: `customer${i}@example.com`,
    active: i % 3 === 0,
    balance: i * 1.25,
    tags: ["new", "north", `tag ${i % 10}`],
    address: { street: `${i} Long Street`, city: `Town ${i % 100}`, zip: 10000 + i % 90000 },
  };
});
const value = { version: 1, rows };
const encoder = new TextEncoder();
const decoder = new TextDecoder();
const bytes = encoder.encode(JSON.stringify(value));
const times: number[] = [];
for (let i = 0; i < 5; i++) {
  const started = performance.now();
  // Bytes on the outside, as for ours.
  if (process.argv[2] === "encode") {
    if (encoder.encode(JSON.stringify(value)).length !== bytes.length) throw new Error("wrong length");
  } else if ((JSON.parse(decoder.decode(bytes)) as typeof value).rows.length !== rows.length) {
    throw new Error("wrong count");
  }
  times.push(performance.now() - started);
}
console.log(times.sort((a, b) => a - b)[2]);
