/** What nothing should answer. */

/** Words that no drawing answers: made up, or of things that nobody draws. Fixed before anything was measured. */
export const NONSENSE: readonly string[] =
  `qwerty asdf; lorem ipsum; blorf; fnord snark; hgfdsa; jjjjj; asdkjh qwe; tax return 2019; municipal bond yield;
photosynthesis; parliamentary procedure; democracy; regret; the theory of relativity; kubernetes cluster; sql injection;
semicolon; wisdom tooth extraction; mortgage; inflation rate; covariance matrix; constitutional amendment; metaphysics;
epistemology; bankruptcy; warranty; subpoena; insomnia; nostalgia; pancreatitis; tectonic; syllogism; polymer; gerund;
iambic pentameter; litigation; escrow; amortization; quantum chromodynamics; zzyzx; qwrtzp; the GDP of Peru; xkcd vprt;
quarterly earnings; thermodynamic equilibrium; plausible deniability; franchise agreement; foreign policy; aaaa bbbb cccc;
eigenvalue decomposition`
    .split(';')
    .map((words) => words.trim());
