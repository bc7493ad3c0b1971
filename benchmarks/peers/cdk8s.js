// node cdk8s.js WORK OUT: one chart an environment, an ApiObject for each document.
const fs = require("fs");
const path = require("path");
const { createRequire } = require("module");
const [work, out, modules] = process.argv.slice(2);
const { App, Chart, ApiObject } = createRequire(path.join(modules, "x.js"))("cdk8s");
const objects = require(path.resolve(work, "objects.js"));

const app = new App({ outdir: out, outputFileExtension: ".yaml" });
for (const environment of ["dev", "staging", "prod"]) {
  const chart = new Chart(app, environment);
  for (const values of JSON.parse(fs.readFileSync(path.join(work, environment + ".json")))) {
    objects[environment](values).forEach((each, index) => new ApiObject(chart, `${values.name}-${index}`, each));
  }
}
app.synth();
