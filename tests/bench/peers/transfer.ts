/** Sends as many megabytes as it is asked for, and counts what it is sent. */
const MEGABYTE = new Uint8Array(1_048_576).fill(65);

Bun.serve({
  hostname: "127.0.0.1",
  port: Number(process.argv[2]),
  idleTimeout: 255,
  maxRequestBodySize: Number.MAX_SAFE_INTEGER,
  async fetch(request) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/up") {
      let bytes = 0;
      for await (const part of request.body!) bytes += part.length;
      return new Response(String(bytes));
    }
    let left = Number(searchParams.get("mb"));
    return new Response(
      new ReadableStream({
        pull(controller) {
          if (left-- > 0) controller.enqueue(MEGABYTE);
          else controller.close();
        },
      }),
    );
  },
});
process.stdout.write("ready\n");
