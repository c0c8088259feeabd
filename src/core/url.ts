/** A URL, or what was meant for one, without the credentials in it. The last `@` before the path ends them, as the URL standard has it. */
export function withoutUserinfo(url: string): string {
  return url.replace(/^(\s*(?:[a-z][a-z0-9+.-]*:\/\/)?)[^/]*@/i, "$1");
}
