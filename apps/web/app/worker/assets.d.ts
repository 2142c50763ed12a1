/** The address of a file of the page. */
declare module '*?url' {
  const address: string;
  export default address;
}
