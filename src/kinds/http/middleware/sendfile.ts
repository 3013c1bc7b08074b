/** `sendfile`: a handler names a file in `X-Sendfile`, the server sends it. */
import { Failure, resolveEntryId } from "../../../core/mod.ts";
import { FileSystemResource } from "../../../ports/mod.ts";
import { type Answer, textAnswer, whenAnswered } from "../answer.ts";
import type { Exchange } from "../exchange.ts";
import { fileAnswer } from "../file_answer.ts";
import { headerBytes, textOfHeader } from "../response_writer.ts";
import { defineMiddleware } from "./definition.ts";

const PATH = "x-sendfile";
const NAME = "x-file-name";

/** `Content-Disposition` for a download name, with a form that old clients read and one that holds any name. */
function disposition(name: string): string {
  const plain = name.replace(/[^\x20-\x7e]|["\\]/g, "_");
  const full = encodeURIComponent(name).replace(
    /['()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"${plain === name ? "" : `; filename*=UTF-8''${full}`}`;
}

/** Files that handlers name in a header. */
export const sendfile = defineMiddleware({
  name: "sendfile",
  prefix: "sendfile",
  create({ options, services, ns, server }) {
    const id = resolveEntryId(options.required("fs"), ns);

    const send = (exchange: Exchange, answer: Answer, path: string, name: string | undefined): Answer => {
      const files = services.resources.find(FileSystemResource, id);
      if (files === undefined) {
        server.log.error("file system is not available", { fs: id });
        return textAnswer(500, "file system is not available");
      }
      try {
        const info = files.stat(path);
        if (info === undefined || info.isDirectory) return textAnswer(404, "file not found");
        const sent = fileAnswer(exchange, files, path, info);
        const headers = { ...sent.headers };
        for (const [header, value] of Object.entries(answer.headers)) {
          const describesBody = answer.body !== null &&
            (header === "content-type" || header === "content-length");
          if (header !== PATH && header !== NAME && !describesBody) headers[header] = value;
        }
        if (name !== undefined) headers["content-disposition"] = headerBytes(disposition(name));
        return { status: sent.status, headers, body: sent.body };
      } catch (error) {
        if (error instanceof Failure && (error.kind === "NotFound" || error.kind === "Invalid")) {
          return textAnswer(404, "file not found");
        }
        throw error;
      }
    };

    return (next) => (exchange) =>
      whenAnswered(next(exchange), (answer) => {
        const path = answer.headers[PATH];
        if (path === undefined) return answer;
        const name = answer.headers[NAME];
        return send(
          exchange,
          answer,
          textOfHeader(path),
          name === undefined ? undefined : textOfHeader(name),
        );
      });
  },
});
