// Validates every object of a YAML stream on standard input against the schemas of Kubernetes, cert-manager and the Prometheus operator; prints what is wrong, one line each.
// usage: node validate.mjs FOLDER, in which npm has installed the packages of install.sh.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const load = (path) => import(pathToFileURL(resolve(process.argv[2], "node_modules", path)).href);
const { default: { parseAllDocuments } } = await load("yaml/dist/index.js");

// Kubernetes' own groups end in .k8s.io or have no dot.
const ofGroup = (group) => {
  if (group === "cert-manager.io") return "@kubernetes-models/cert-manager/cert-manager.io";
  if (group === "monitoring.coreos.com") return "@kubernetes-models/prometheus-operator/monitoring.coreos.com";
  return group === "" ? "kubernetes-models" : `kubernetes-models/${group}`;
};

let wrong = 0;
for (const document of parseAllDocuments(readFileSync(0, "utf8"))) {
  for (const error of document.errors) { console.log(error.message); wrong++; }
  const object = document.toJS();
  if (!object) continue;
  const [version, group = ""] = object.apiVersion.split("/").reverse();
  const name = `${object.kind} ${object.metadata?.name}`;
  try {
    const Model = (await load(`${ofGroup(group)}/${version}/index.${group === "cert-manager.io" ? "mjs" : "js"}`))[object.kind];
    if (!Model) throw new Error(`there is no ${object.kind} in ${object.apiVersion}`);
    new Model(object).validate();
  } catch (error) {
    console.log(`${name}: ${error.message}`);
    wrong++;
  }
}
process.exit(wrong ? 1 : 0);
