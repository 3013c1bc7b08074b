/**
 * Every bound of the system, with its unit and reason.
 */

/** Longest wait for a kind to accept or reject one operation (registry.tx.timeout). */
export const KIND_OPERATION_TIMEOUT_MS = 30_000;
/** Memory one Lua process may hold; a runaway table fails that process alone. */
export const PROCESS_MEMORY_BYTES_MAX = 256 * 1024 * 1024;
/** Live processes of one node; a spawn past it fails with LimitExceeded. */
export const PROCESSES_MAX = 4_000_000;
/** Request body accepted by default (http.request max_body). */
export const HTTP_BODY_BYTES_MAX = 120 * 1024 * 1024;
/** Time to read a request body by default (http.request timeout). */
export const HTTP_BODY_TIMEOUT_MS = 300_000;
/** Turns of the VM between two looks at outside events; bounds the delay of I/O and timers. */
export const TURNS_PER_SLICE = 256;
/** Longest slice of Lua before outside events are served: half of the delay that a timer may have beside busy processes. */
export const SLICE_MS = 2;
/** Prepared statements kept per SQLite connection. */
export const SQL_STATEMENTS_CACHED_MAX = 256;
/** Events waiting for the bus; past it the bus drops new ones and says so, since nothing may wait for a slow observer. */
export const EVENTS_QUEUED_MAX = 1_000_000;
/** Alternatives that one segment of an event pattern may expand to. */
export const EVENT_PATTERN_ALTERNATIVES_MAX = 1024;
/** Longest wait for an answering event when the caller names no time (events.await). */
export const EVENT_AWAIT_TIMEOUT_MS = 30_000;
/** Time a service gets to end after it was told to end by force; then the supervisor goes on without it. */
export const SERVICE_FORCE_MS = 5_000;
/** Most bytes of a file that one read takes into memory; a larger file is opened and read in parts. */
export const FILE_READ_BYTES_MAX = 256 * 1024 * 1024;
/** Index of a pack: it lists modules, compiled chunks and embedded folders, not their files. */
export const PACK_INDEX_BYTES_MAX = 256 * 1024 * 1024;
/** Entries of a pack as they are stored; all of them are in memory at a time. */
export const PACK_ENTRIES_BYTES_MAX = 1024 * 1024 * 1024;
/** Compiled code of one entry in a pack. */
export const PACK_CHUNK_BYTES_MAX = 64 * 1024 * 1024;
/** Files and folders that one embedded folder may have: its list takes about 200 bytes for each. */
export const PACK_FILES_MAX = 1_000_000;
/** Plain blocks of a pack that are kept (128 KiB each), for readers that go through a file in small steps. */
export const PACK_BLOCKS_CACHED_MAX = 32;
/** Longest line or word a scanner yields; past it the scanner fails instead of growing without end. */
export const SCANNER_TOKEN_BYTES_MAX = 1024 * 1024;
/** Longest wait for the connection of a database that others hold; then the call fails with Timeout. */
export const SQL_CONNECTION_WAIT_MS = 30_000;
/** Bytes of one result of a database server: past it the query fails, before the program's memory does. */
export const SQL_RESULT_BYTES_MAX = 128 * 1024 * 1024;
/** Longest wait for a database server to accept a connection, unless its entry says otherwise. */
export const SQL_CONNECT_WAIT_MS = 10_000;
/** Longest wait for a lock on a database file that another program holds. */
export const SQL_LOCK_WAIT_MS = 5_000;
/** Checks of the VM (backward jumps, loops, calls) that code given at run time may take: about a second of loops. */
export const EVALUATION_CHECKS_MAX = 50_000_000;
/** Turns that code given at run time may take; one that waits takes a turn for each wait. */
export const EVALUATION_TURNS_MAX = 1_000_000;
/** Code given at run time that runs other such code, and so on: a recursion without end stops here. */
export const EVALUATION_DEPTH_MAX = 16;
/** Compiled code given at run time that is kept by default (lua.eval.cache_size). */
export const EVALUATIONS_CACHED_DEFAULT = 256;
/** Compiled sources kept by default (lua.proto_cache_size). */
export const SOURCES_CACHED_DEFAULT = 60_000;
/** Programs kept by default: entries with all that they import (lua.main_cache_size). */
export const PROGRAMS_CACHED_DEFAULT = 10_000;
/** Results of searches in the registry that are kept by default (finder.query_cache_size). */
export const QUERIES_CACHED_DEFAULT = 1000;
/** Compiled regular expressions of searches that are kept by default (finder.regex_cache_size). */
export const EXPRESSIONS_CACHED_DEFAULT = 100;
/** Services that start at the same time by default (supervisor.host.worker_count). */
export const STARTS_AT_ONCE_DEFAULT = 16;
/** How long an orderly end may take by default (shutdown.timeout), in milliseconds. */
export const SHUTDOWN_MS_DEFAULT = 30_000;
/** How long one change of an entry may take by default (registry.event_wait_timeout), in milliseconds. */
export const OPERATION_MS_DEFAULT = 30_000;
/** Bytes of one file under lua.cache.dir; what was not used for longest is left out first. */
export const LUA_CACHE_FILE_BYTES_MAX = 128 * 1024 * 1024;
/** How often one file under lua.cache.dir is written again before what nobody asked for since is left out. */
export const LUA_CACHE_WRITES_UNUSED_MAX = 16;
/** Longest source that one syntax tree may have: at worst parsing it takes 700 MB for a moment. */
export const TREE_SOURCE_BYTES_MAX = 4 * 1024 * 1024;
/** Source of all live syntax trees together; their memory belongs to no process. */
export const TREE_SOURCES_BYTES_MAX = 64 * 1024 * 1024;
/** Nodes of all live syntax trees together, at about 70 bytes; with more, no other source is parsed. */
export const TREE_NODES_MAX = 8_000_000;
/** Captures that one query may give, at about 1 KB. */
export const TREE_CAPTURES_MAX = 250_000;
/** Nodes of a tree that is written as text. */
export const TREE_NODES_WRITTEN_MAX = 1_000_000;
/** Longest parsing or query; nothing else runs meanwhile. */
export const TREE_WORK_MS_MAX = 10_000;
/** Nesting of actions and of expressions in a template's source, so that walking it never exhausts the stack. */
export const TEMPLATE_NESTING_MAX = 200;
/** Includes, blocks and extended templates that are under way at a time: a recursion without end stops here. */
export const TEMPLATE_DEPTH_MAX = 100;
/** Statements, iterations and elements that one rendering may go through: about a second. */
export const TEMPLATE_STEPS_MAX = 5_000_000;
/** Characters that one rendering may write, and that its functions may make besides. */
export const TEMPLATE_TEXT_MAX = 64 * 1024 * 1024;
/** Values one `IN (...)` list of the query builder may hold; the lowest bound among the databases. */
export const SQL_PARAMS_MAX = 32_766;
/** Entries of a `store.memory` without `max_size`. */
export const STORE_ENTRIES_DEFAULT = 10_000;
/** Items of a store's page when the caller names no limit, and the most it may name. */
export const STORE_PAGE_DEFAULT = 100;
/** See `STORE_PAGE_DEFAULT`. */
export const STORE_PAGE_MAX = 10_000;
/** Messages a memory queue holds when its entry names no `max_length`. */
export const QUEUE_LENGTH_DEFAULT = 1000;
/** Workers of one queue consumer. */
export const CONSUMER_CONCURRENCY_MAX = 1000;
/** Unsettled messages of one queue consumer. */
export const CONSUMER_PREFETCH_MAX = 10_000;
/** Messages of one AMQP driver that wait for the broker's confirmation; more are refused as RateLimited. */
export const AMQP_UNCONFIRMED_MAX = 10_000;
/** Messages of one AMQP queue of which it is known how often they came; the one seen longest ago is forgotten. */
export const AMQP_DELIVERY_COUNTS_MAX = 10_000;
/** Changes that a stream of a CDC source holds when it names no buffer (cdc buffer). */
export const CDC_BUFFER = 128;
/** The most that it may name. */
export const CDC_BUFFER_MAX = 65_536;
/** Wait before a change is offered again to a stream that has no room, or looked whether it was received. */
export const CDC_RETRY_MS = 5;
/** Events that a subscription's channel holds; surplus waits in the mailbox of the subscriber. */
export const EVENT_CHANNEL_CAPACITY = 64;
/** Bytes of a response that may wait for a slow client before its writer has to wait. */
export const HTTP_RESPONSE_QUEUED_BYTES_MAX = 1024 * 1024;
/** Messages that may wait for a client of an event stream that does not read. */
export const SSE_MAILBOX_MESSAGES_MAX = 32;
/** Bytes that the socket of a WebSocket holds before messages for its client wait in the relay of the server. */
export const WEBSOCKET_QUEUED_BYTES_MAX = 1024 * 1024;
/** Messages that wait in each worker of a server's relay by default (host.buffer_size). */
export const RELAY_BUFFER_MESSAGES = 1024;
/** Workers of a server's relay at most (host.worker_count). */
export const RELAY_WORKERS_MAX = 4096;
/** Bytes that may wait in a relay for one client; it is disconnected when more do. */
export const RELAY_WAITING_BYTES_MAX = 8 * 1024 * 1024;
/** How long a client may take nothing of what waits for it before it is disconnected. */
export const RELAY_STALL_MS_MAX = 30_000;
/** Series (names with their labels) a collector holds; labels that never repeat must not fill memory. */
export const METRIC_SERIES_MAX = 50_000;
/** Time of an outgoing request when its caller names none (http_client timeout). */
export const HTTP_CLIENT_TIMEOUT_MS = 30_000;
/** Body of an answer to an outgoing request when its caller names no limit (http_client max_response_body). */
export const HTTP_CLIENT_BODY_BYTES_MAX = 120 * 1024 * 1024;
/** Redirects followed for one outgoing request; more is a loop. */
export const HTTP_CLIENT_REDIRECTS_MAX = 10;
/** Requests of one batch that are under way at a time. */
export const HTTP_CLIENT_BATCH_CONCURRENT_MAX = 64;
/** Parts (nodes) of one expression; a longer one is a program and belongs into a function. */
export const EXPRESSION_NODES_MAX = 10_000;
/** Nesting of one expression, so that walking it never exhausts the stack. */
export const EXPRESSION_DEPTH_MAX = 500;
/** Elements and characters an expression may look at while it runs: about a second. */
export const EXPRESSION_STEPS_MAX = 5_000_000;
/** Elements that an expression may create while it runs. */
export const EXPRESSION_ELEMENTS_MAX = 1_000_000;
/** Characters of text that an expression may create while it runs. */
export const EXPRESSION_TEXT_MAX = 64 * 1024 * 1024;
/** Compiled expressions that `expr.eval` keeps. */
export const EXPRESSIONS_CACHED_MAX = 1000;
/** Time to connect a WebSocket when its caller names none (websocket dial_timeout). */
export const WEBSOCKET_DIAL_TIMEOUT_MS = 30_000;
/** Longest message of a WebSocket when its caller names no limit (websocket read_limit). */
export const WEBSOCKET_MESSAGE_BYTES_MAX = 16 * 1024 * 1024;
/** Messages of a WebSocket that wait for their process when it names no capacity (websocket channel_capacity). */
export const WEBSOCKET_CHANNEL_CAPACITY = 64;
/** Time between two looks at a full channel; reading from the connection stops meanwhile. */
export const WEBSOCKET_RETRY_MS = 5;
/** Size of a regular expression times bytes of the text that one search may take: some ten seconds when all goes wrong. */
export const REGEXP_WORK_MAX = 1_000_000_000;
/** Longest that a search for all matches may start again and again (text.regexp). */
export const REGEXP_SEARCH_MS = 10_000;
/** Bytes of a text in which matches have been replaced: short texts and replacements can make an endless one together. */
export const REGEXP_RESULT_BYTES_MAX = 64 * 1024 * 1024;
/** Longest that two texts are compared, also when the script names no end (text.diff diff_timeout 0). */
export const DIFF_TIME_MS_MAX = 10_000;
/** Bytes that decompressing gives at most when the caller names no limit, and the most it may name (compress max_size). */
export const DECOMPRESSED_BYTES_DEFAULT = 128 * 1024 * 1024;
/** See `DECOMPRESSED_BYTES_DEFAULT`. */
export const DECOMPRESSED_BYTES_MAX = 1024 * 1024 * 1024;
/** Bytes of samples that training a dictionary looks at; more makes none better and takes seconds. */
export const DICTIONARY_SAMPLES_BYTES_MAX = 32 * 1024 * 1024;
/** Elements that may be open in each other; browsers build no deeper trees (html policy:sanitize). */
export const HTML_DEPTH_MAX = 512;
/** Output of a command that is held for a script which waits for the command before it reads. */
export const EXEC_OUTPUT_BYTES_MAX = 16 * 1024 * 1024;
/** Longest that a Docker engine may take to answer what it can answer at once. */
export const DOCKER_ANSWER_MS = 30_000;
/** Longest answer of a Docker engine that is read. */
export const DOCKER_ANSWER_BYTES_MAX = 1024 * 1024;
/** Workflows whose worlds are kept in memory while they wait; others are read from the journal when something comes. */
export const WORKFLOWS_IN_MEMORY_MAX = 256;
/** Search attributes that one `workflow.attrs` gives, as JSON: they stand in an index. */
export const WORKFLOW_SEARCH_BYTES_MAX = 40 * 1024;
/** Memo that one `workflow.attrs` gives, as JSON. */
export const WORKFLOW_MEMO_BYTES_MAX = 2 * 1024 * 1024;
/** Activities that one worker runs at once unless it says otherwise. */
export const ACTIVITIES_RUNNING_DEFAULT = 1000;
/** An Excel file that is opened; it is held as it is, compressed. */
export const EXCEL_FILE_BYTES_MAX = 128 * 1024 * 1024;
/** Any part of an Excel file, unpacked; parts are read as streams. */
export const EXCEL_PART_BYTES_MAX = 4 * 1024 * 1024 * 1024;
/** Characters of one text of a cell; Excel itself allows 32767. */
export const EXCEL_TEXT_MAX = 1024 * 1024;
/** Characters of all strings that the cells of a workbook share; they are held while it is open. */
export const EXCEL_STRINGS_MAX = 128 * 1024 * 1024;
/** Cells that scripts may set in one workbook; they are held until it is written. */
export const EXCEL_CELLS_MAX = 2_000_000;
/** Characters of a sheet that is handed over as a whole (excel get_rows); larger ones are read with a cursor. */
export const EXCEL_ROWS_CHARACTERS_MAX = 64 * 1024 * 1024;

/** Characters of output of an interactive session that are kept until somebody fetches them; older ones are dropped. */
export const SHELL_OUTPUT_CHARS_MAX = 1_000_000;
/** Shared memory of each direction between two workers; what is longer goes in parts. */
export const WORKER_RING_BYTES = 1024 * 1024;
/** Longest answer to what a worker asks of the main one: a pid, a verdict, an error. */
export const WORKER_REPLY_BYTES = 256 * 1024;
/** Bytes that may wait for a worker that does not read; a send past it fails with RateLimited. */
export const WORKER_QUEUED_BYTES_MAX = 512 * 1024 * 1024;
/** Time that a process must have waited before another thread is started for it: shorter work is done sooner without. */
export const WORKER_START_AFTER_MS = 3;
/** Longest wait of a process for its first turn while all workers are busy; then it shares one of them. */
export const WORKER_WAIT_MS = 20;
/** The same while a thread is being started. */
export const WORKER_BOOT_WAIT_MS = 1000;
/** Time after which a worker without processes gives its thread back. */
export const WORKER_IDLE_MS = 30_000;
/** Longest wait for what other workers know of their processes, when somebody asks. */
export const WORKER_FACTS_MS = 500;
/** Calls of one function that a worker may have under way on the main one; who starts more is made to wait. */
export const WORKER_CALLS_MAX = 1024;
/** Time that a worker of a stopping host has to end its processes by force; then its thread is ended with them. */
export const WORKER_KILL_MS = 1000;
/** One frame between nodes; a longer message is refused where it is sent. */
export const CLUSTER_FRAME_BYTES_MAX = 32 * 1024 * 1024;
/**
 * One name, pair or command that nodes share: what is longer is refused where it is written. Several that go together have as many
 * bytes at most, so that they fit a frame.
 */
export const CLUSTER_ITEM_BYTES_MAX = 8 * 1024 * 1024;
/** Bytes that may wait for a node that does not read, or that is not linked yet; then sending fails. */
export const CLUSTER_QUEUED_BYTES_MAX = 64 * 1024 * 1024;
/** Bytes of one part of a large object on its way to a cloud storage: a part is in memory as a whole, so that it can be sent again. */
export const CLOUD_PART_BYTES = 8 * 1024 * 1024;
/** Parts of one upload that are under way at a time. */
export const CLOUD_PARTS_AT_ONCE = 4;
/** Parts that a cloud storage puts together; a larger object is sent in larger parts. */
export const CLOUD_PARTS_MAX = 10_000;
/** Times that the rest of an object is asked for again when its connection breaks. */
export const CLOUD_RESUMPTIONS_MAX = 3;
/** Keys that a cloud storage deletes at a time. */
export const CLOUD_DELETIONS_MAX = 1000;
/** Life of a presigned URL, in seconds: what AWS accepts. */
export const CLOUD_URL_SECONDS_MAX = 7 * 24 * 3600;
/** Longest that AWS may take to answer a request, and between two parts of an answer; a part may travel slowly. */
export const AWS_ANSWER_MS = 300_000;
/** Longest answer of AWS that is no object: a listing of a thousand long keys takes some 2 MB. */
export const AWS_ANSWER_BYTES_MAX = 16 * 1024 * 1024;
/** Time that SQS keeps a delivered message from others; it is prolonged while the message is being worked on. */
export const SQS_HOLD_SECONDS = 60;
/** Longest wait of SQS for messages: what it allows, so that an empty queue costs three requests a minute. */
export const SQS_POLL_SECONDS = 20;
/** Messages that one request to SQS may hold. */
export const SQS_BATCH_MAX = 10;
/** Requests for messages that one SQS consumer has under way. */
export const SQS_POLLS_MAX = 4;
/** Attributes of one SQS message. */
export const SQS_ATTRIBUTES_MAX = 10;
/** Memory of one WebAssembly guest; past it its memory does not grow. */
export const GUEST_MEMORY_BYTES_MAX = 1024 * 1024 * 1024;
/** Binary of a guest. */
export const GUEST_BYTES_MAX = 256 * 1024 * 1024;
/** Resources of the host that one guest holds at once: open files, streams, timers. */
export const GUEST_HANDLES_MAX = 10_000;
/** Bytes that a thread of guests and the main one share for the answers to what guests ask; longer ones come in pieces. */
export const GUEST_ANSWER_BYTES = 128 * 1024;
/** Threads that run guests; each runs one call at a time, and further calls wait. */
export const GUEST_THREADS_MAX = 32;
/** How long a call waits for a thread while all processors have one, before one more is started. */
export const GUEST_THREAD_WAIT_MS = 20;
/** After so long without a call a thread of guests ends. */
export const GUEST_THREAD_IDLE_MS = 30_000;
