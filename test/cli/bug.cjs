/** Preload: asking for the working directory throws what no program expects. */
process.cwd = () => {
  throw new TypeError("an invented bug");
};
