// Types of files that are imported as text or as a path.
declare module "*.lua" {
  const text: string;
  export default text;
}
declare module "*.wasm" {
  const path: string;
  export default path;
}
declare module "*.sql" {
  const text: string;
  export default text;
}
declare module "*.jet" {
  const text: string;
  export default text;
}
declare module "*.yaml" {
  const text: string;
  export default text;
}
declare module "*.gitignore" {
  const text: string;
  export default text;
}

declare module "*.css" {
  const text: string;
  export default text;
}

declare module "*.wasm.txt" {
  const text: string;
  export default text;
}

declare module "*.js.txt" {
  const text: string;
  export default text;
}
