/** Policies that are ready to use, and the groups they are made of. */
import { Policy } from "./policy.ts";

const CELL_ALIGN = /^(?:center|justify|left|right|char)$/i;
const VERTICAL_ALIGN = /^(?:baseline|bottom|middle|top)$/i;
const IMAGE_ALIGN = /^(?:left|right|top|texttop|middle|absmiddle|baseline|bottom|absbottom)$/i;
const DIRECTION = /^(?:ltr|rtl|auto)$/i;
const IDENTIFIER = /^[\p{L}\p{N}_:.-]+$/u;
const LANGUAGE = /^[A-Za-z]{2,20}(?:-[A-Za-z0-9]{1,20})*$/;
const INTEGER = /^\d{1,9}$/;
const LENGTH = /^\d{1,9}(?:%|px)?$/i;
const NUMBER = /^-?\d{1,15}(?:\.\d{1,15})?$/;
const TIME = /^[\d\s:+.,PTZWYMDHS-]{1,64}$/i;
const LIST_TYPE = /^(?:a|i|1|circle|disc|square)$/i;
const SCOPE = /^(?:row|col|rowgroup|colgroup)$/i;
const CELL_IDS = /^[\p{L}\p{N}\s_:.-]+$/u;

function like(pattern: RegExp): (value: string) => boolean {
  return (value) => pattern.test(value);
}

/** `id`, `class`, `title`, `dir`, `lang`. */
export function allowStandardAttributes(policy: Policy): void {
  policy.allowAttributesGlobally(["id"], like(IDENTIFIER));
  policy.allowAttributesGlobally(["dir"], like(DIRECTION));
  policy.allowAttributesGlobally(["lang"], like(LANGUAGE));
  policy.allowAttributesGlobally(["class", "title"]);
}

/** Web and mail addresses and relative ones; links tell search engines not to follow them. */
export function allowStandardUrls(policy: Policy): void {
  policy.urls.allowSchemes(["http", "https", "mailto"]);
  policy.urls.allowRelative(true);
  policy.noFollow = true;
}

/** Images. */
export function allowImages(policy: Policy): void {
  policy.allowAttributes(["src", "alt"], ["img"]);
  policy.allowAttributes(["align"], ["img"], like(IMAGE_ALIGN));
  policy.allowAttributes(["width", "height"], ["img"], like(LENGTH));
}

/** Lists. */
export function allowLists(policy: Policy): void {
  policy.allowElements(["ul", "ol", "li", "dl", "dt", "dd"]);
  policy.allowAttributes(["type"], ["ul", "ol", "li"], like(LIST_TYPE));
  policy.allowAttributes(["value"], ["li"], like(INTEGER));
}

/** Tables. */
export function allowTables(policy: Policy): void {
  policy.allowElements(["table", "thead", "tbody", "tfoot", "tr", "td", "th", "caption"]);
  policy.allowAttributes(["height", "width"], ["table", "td", "th"], like(LENGTH));
  policy.allowAttributes(["align"], ["thead", "tbody", "tfoot", "tr", "td", "th"], like(CELL_ALIGN));
  policy.allowAttributes(["valign"], ["thead", "tbody", "tfoot", "tr", "td", "th"], like(VERTICAL_ALIGN));
  policy.allowAttributes(["colspan", "rowspan"], ["td", "th"], like(INTEGER));
  policy.allowAttributes(["headers"], ["td", "th"], like(CELL_IDS));
  policy.allowAttributes(["scope"], ["th", "td"], like(SCOPE));
  policy.allowAttributes(["summary"], ["table"]);
}

const TEXT_ELEMENTS =
  "article aside section figure figcaption summary details hgroup h1 h2 h3 h4 h5 h6 br div hr p " +
  "span wbr a abbr acronym cite code dfn em kbd mark s samp strong sub sup var b i pre small strike tt u q blockquote " +
  "time rp rt ruby bdi bdo del ins colgroup col address";

/** What people write in comments and forums: text and its formatting, links, lists, tables, images. */
export function userContent(): Policy {
  const policy = new Policy();
  allowStandardAttributes(policy);
  allowStandardUrls(policy);
  policy.allowElements(TEXT_ELEMENTS.split(" "));
  policy.allowAttributes(["href"], ["a"]);
  policy.allowAttributes(["cite"], ["q", "blockquote", "del", "ins"]);
  policy.allowAttributes(["datetime"], ["time", "del", "ins"], like(TIME));
  policy.allowAttributes(["open"], ["details"]);
  policy.allowAttributes(["value", "min", "max", "low", "high", "optimum"], ["meter"], like(NUMBER));
  policy.allowAttributes(["value", "max"], ["progress"], like(NUMBER));
  policy.allowAttributes(["span", "width"], ["col", "colgroup"], like(LENGTH));
  allowLists(policy);
  allowTables(policy);
  allowImages(policy);
  return policy;
}
