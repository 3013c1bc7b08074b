/** A bare server on Bun: the upper bound of what an HTTP endpoint can reach. */
Bun.serve({
  hostname: "127.0.0.1",
  port: Number(process.argv[2]),
  fetch: () => Response.json({ message: "hello world" }),
});
