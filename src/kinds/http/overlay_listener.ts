/** A listener that is reached through an overlay network: a local one, and the overlay's that leads to it. */
import { asFailure, Failure } from "../../core/mod.ts";
import { type Frame, type HttpListener, NetworkResource, type OverlayListener } from "../../ports/mod.ts";
import type { KindServices } from "../../registry/mod.ts";

/** How it is opened. */
export interface OverlayListening {
  readonly listen: (hostname: string, port: number) => Promise<HttpListener>;
  /** Address of this machine for an overlay that leaves it to the server. */
  readonly hostname: string;
  readonly signal: AbortSignal;
  /** Identity of the server. */
  readonly frame: Frame;
}

/** Opens both. Fails with PermissionDenied where the server may not, with Unavailable where the overlay does not let it. */
export async function listenThrough(
  { log, resources, runtime }: KindServices,
  id: string,
  { frame, hostname: own, listen, signal }: OverlayListening,
): Promise<HttpListener & Pick<OverlayListener, "address" | "lost">> {
  if (!runtime.permits(frame, "network.bind", id)) {
    throw new Failure("PermissionDenied", `not allowed: bind to network ${id}`, { retryable: false });
  }
  const listening = resources.find(NetworkResource, id)?.listening;
  if (listening === undefined) {
    throw new Failure("NotFound", `network not found: ${id}`, { retryable: false });
  }
  // The port is the overlay's; here any one will do.
  const hostname = listening.hostname || own;
  const listener = await listen(hostname, 0);
  if (hostname === "") {
    const text =
      "the network is on another machine: the server also listens on every interface of this one; name one in addr";
    log.named("http").warn(text, { network: id, port: listener.port });
  }
  try {
    const { address, close, lost } = await listening.open(listener.port, signal);
    return {
      port: listener.port,
      address,
      lost,
      async close(stopping) {
        close();
        await listener.close(stopping);
      },
    };
  } catch (error) {
    await listener.close(AbortSignal.abort());
    throw asFailure(error);
  }
}
