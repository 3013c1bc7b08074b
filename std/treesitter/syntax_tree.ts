/**
 * Trees and nodes in the hands of scripts.
 *
 * T1. A tree lives as long as anything that points into it: the tree object, its nodes, its cursors.
 * T2. Offsets and columns are bytes outside, UTF-16 units inside.
 */
import type { Node, Point, Tree } from "web-tree-sitter";
import type { Library, LoadedLanguage } from "./library.ts";
import type { Source } from "./source.ts";

/** Text and nodes that are booked with the library, shared by a tree and its copies. */
class Booking {
  readonly #library: Library;
  readonly #bytes: number;
  readonly #nodes: number;
  #owners = 1;

  constructor(library: Library, bytes: number, nodes: number) {
    this.#library = library;
    this.#bytes = bytes;
    this.#nodes = nodes;
    library.addNodes(nodes);
  }

  share(): this {
    this.#owners++;
    return this;
  }

  giveBack(): void {
    if (--this.#owners === 0) this.#library.giveBack(this.#bytes, this.#nodes);
  }
}

/** A tree and its source. */
export class SyntaxTree {
  readonly tree: Tree;
  readonly language: LoadedLanguage;
  /** Changes when the tree is edited. */
  source: Source;
  readonly #booking: Booking;
  /** Bytes that edits have added. */
  #grown = 0;
  #owners = 1;

  private constructor(tree: Tree, language: LoadedLanguage, source: Source, booking: Booking) {
    this.tree = tree;
    this.language = language;
    this.source = source;
    this.#booking = booking;
  }

  /** A parsed tree, whose source is booked with the library. */
  static create(tree: Tree, language: LoadedLanguage, source: Source): SyntaxTree {
    const booking = new Booking(language.library, source.bytes.length, tree.rootNode.descendantCount);
    return new SyntaxTree(tree, language, source, booking);
  }

  /** A tree that can be edited apart from this one. */
  copy(): SyntaxTree {
    return new SyntaxTree(this.tree.copy(), this.language, this.source, this.#booking.share());
  }

  /** Books what an edit adds. Fails with LimitExceeded. */
  grow(bytes: number): void {
    if (bytes <= 0) return;
    this.language.library.take(bytes);
    this.#grown += bytes;
  }

  /** Keeps the tree alive until `release`. */
  retain(): this {
    this.#owners++;
    return this;
  }

  /** Gives up one reason to live. */
  release(): void {
    if (--this.#owners > 0) return;
    this.tree.delete();
    this.#booking.giveBack();
    this.language.library.giveBack(this.#grown);
  }
}

/** What positions of a root with an offset are moved by. */
export interface Offset {
  readonly bytes: number;
  readonly point: Point;
}

/** A node, with the source as it was when the node was taken. */
export class SyntaxNode {
  readonly owner: SyntaxTree;
  readonly node: Node;
  readonly source: Source;
  readonly offset: Offset | undefined;

  constructor(owner: SyntaxTree, node: Node, from?: { source: Source; offset: Offset | undefined }) {
    this.owner = owner.retain();
    this.node = node;
    this.source = from?.source ?? owner.source;
    this.offset = from?.offset;
  }

  /** Another node of the same tree. */
  relative(node: Node): SyntaxNode {
    return new SyntaxNode(this.owner, node, this);
  }

  get startByte(): number {
    return this.#byte(this.node.startIndex);
  }

  get endByte(): number {
    return this.#byte(this.node.endIndex);
  }

  get startPoint(): Point {
    return this.#point(this.node.startIndex, this.node.startPosition);
  }

  get endPoint(): Point {
    return this.#point(this.node.endIndex, this.node.endPosition);
  }

  /** The node's part of `bytes`, by default of the source. */
  text(bytes: Uint8Array = this.source.bytes): Uint8Array {
    const shift = this.offset?.bytes ?? 0;
    return bytes.slice(this.startByte - shift, this.endByte - shift);
  }

  #byte(unit: number): number {
    const shift = this.offset?.bytes ?? 0;
    return this.source.byteOf(unit - shift) + shift;
  }

  #point(unit: number, point: Point): Point {
    if (this.offset === undefined) return this.source.pointOf(unit, point);
    const { bytes, point: { row, column } } = this.offset;
    const isFirst = point.row === row;
    const own = { row: point.row - row, column: isFirst ? point.column - column : point.column };
    const place = this.source.pointOf(unit - bytes, own);
    return { row: place.row + row, column: isFirst ? place.column + column : place.column };
  }
}
