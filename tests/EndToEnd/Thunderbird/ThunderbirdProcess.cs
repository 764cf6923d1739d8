using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Merpati.Tests.EndToEnd.Thunderbird;

/// <summary>Thunderbird without a screen, on a profile of its own, driven as its menus would drive it.</summary>
public sealed class ThunderbirdProcess : IAsyncDisposable
{
    private const string Program = "/usr/lib/thunderbird/thunderbird";

    /// <summary>How scripts name things. <c>until</c> waits for a condition, and in vain as long as a script may take.</summary>
    private const string Names = """
        const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
        const screen = Services.wm.getMostRecentWindow("mail:3pane");
        const until = async condition => {
          for (;;) {
            const found = await condition();
            if (found) return found;
            await new Promise(later => screen.setTimeout(later, 50));
          }
        };
        const server = MailServices.accounts.allServers.find(one => one.type == "imap");
        const folders = () => server.rootFolder.descendants.map(one => one.QueryInterface(Ci.nsIMsgImapMailFolder));
        const folder = name => folders().find(one => one.onlineName == name);
        const message = (name, id) => [...folder(name).messages].find(one => one.messageId == id);
        const listen = (start, ...interfaces) => new Promise((resolve, reject) => {
          const ended = (_, status) => Components.isSuccessCode(status) ? resolve() : reject(new Error(`0x${status.toString(16)}`));
          start({
            OnStartRunningUrl() {}, OnStopRunningUrl: ended,
            onStartCopy() {}, onProgress() {}, setMessageKey() {}, getMessageId() { return null; }, onStopCopy: status => ended(null, status),
            onStartSending() {}, onSendProgress() {}, onStatus() {}, onGetDraftFolderURI() {}, onSendNotPerformed() {}, onTransportSecurityError() {},
            onStopSending: (_, status) => { if (!Components.isSuccessCode(status)) ended(null, status); },
            QueryInterface: ChromeUtils.generateQI(["nsIUrlListener", "nsIMsgCopyServiceListener", "nsIMsgSendListener"]),
          });
        });

        """;

    private static readonly TimeSpan ToStart = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan OfAScript = TimeSpan.FromMinutes(5);

    private readonly ConcurrentQueue<string> _said = new();
    private readonly string _folder;
    private Process? _process;
    private Marionette? _marionette;

    /// <param name="folder">Holds the profile.</param>
    /// <param name="preferences">JavaScript's values by their names.</param>
    public ThunderbirdProcess(string folder, IReadOnlyDictionary<string, string> preferences)
    {
        _folder = folder;
        Directory.CreateDirectory(Profile);
        var all = new Dictionary<string, string>(preferences, StringComparer.Ordinal)
        {
            ["marionette.port"] = "0",
            ["remote.prefs.recommended"] = "true",
            ["datareporting.policy.dataSubmissionEnabled"] = "false",
            ["mail.provider.suppress_dialog_on_startup"] = "true",
            ["mail.shell.checkDefaultClient"] = "false",
            ["mailnews.database.global.indexer.enabled"] = "false",
        };
        File.WriteAllLines(Path.Combine(Profile, "user.js"), all.Select(one => $"user_pref(\"{one.Key}\", {one.Value});"));
    }

    /// <summary>Its mail is below ImapMail.</summary>
    public string Profile => Path.Combine(_folder, "profile");

    private string Dialogue => Path.Combine(_folder, "imap.log");

    /// <summary>Starts it (again), and waits until it can be driven.</summary>
    public async Task StartAsync()
    {
        var port = Path.Combine(Profile, "MarionetteActivePort");
        File.Delete(port);
        var start = new ProcessStartInfo(Program) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        foreach (var argument in (string[])["--headless", "--marionette", "--remote-allow-system-access", "--no-remote", "--profile", Profile]) start.ArgumentList.Add(argument);
        start.Environment["HOME"] = _folder;
        start.Environment["MOZ_LOG"] = "IMAP:4,sync";
        start.Environment["MOZ_LOG_FILE"] = Dialogue;
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += Said;
        _process.ErrorDataReceived += Said;
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        using var patience = new CancellationTokenSource(ToStart);
        string text;
        while ((text = File.Exists(port) ? await File.ReadAllTextAsync(port, patience.Token) : "").Length == 0)
        {
            if (_process.HasExited) throw new InvalidOperationException($"Thunderbird ended with {_process.ExitCode}:\n{string.Join('\n', _said)}");
            await Task.Delay(50, patience.Token);
        }
        _marionette = await Marionette.ConnectAsync(int.Parse(text, CultureInfo.InvariantCulture), OfAScript, patience.Token);
        await _marionette.RunAsync("""while (Services.wm.getMostRecentWindow("mail:3pane")?.document.readyState != "complete") await new Promise(later => ChromeUtils.idleDispatch(later));""", [], patience.Token);
    }

    /// <summary>Runs the body of a function of JavaScript, which finds its arguments in <c>given</c>.</summary>
    public async Task<JsonElement> RunAsync(string body, params object?[] given)
    {
        using var patience = new CancellationTokenSource(OfAScript + OfAScript);
        try { return await _marionette!.RunAsync(Names + body, given, patience.Token); }
        catch (Exception fault) when (fault is InvalidOperationException or IOException or OperationCanceledException)
        {
            throw new InvalidOperationException($"{fault.Message}\nIts last words with the server:\n{string.Join('\n', LastLines())}", fault);
        }
    }

    /// <summary>As by its menu.</summary>
    public async Task QuitAsync()
    {
        if (_process is null) return;
        using var patience = new CancellationTokenSource(ToStart);
        if (_marionette is not null)
        {
            await _marionette.QuitAsync(patience.Token);
            await _marionette.DisposeAsync();
            _marionette = null;
        }
        await _process.WaitForExitAsync(patience.Token);
        _process.Dispose();
        _process = null;
    }

    public async ValueTask DisposeAsync()
    {
        if (_marionette is not null) await _marionette.DisposeAsync();
        if (_process is null) return;
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
    }

    private IEnumerable<string> LastLines()
    {
        var log = Directory.GetFiles(_folder, "imap.log*").Where(file => !file.Contains("child", StringComparison.Ordinal)).MaxBy(File.GetLastWriteTimeUtc);
        if (log is null) return [];
        using var reader = new StreamReader(new FileStream(log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite), System.Text.Encoding.Latin1);
        return reader.ReadToEnd().Split('\n').TakeLast(80);
    }

    private void Said(object? sender, DataReceivedEventArgs line)
    {
        if (line.Data is null) return;
        _said.Enqueue(line.Data);
        if (_said.Count > 200) _said.TryDequeue(out _);
    }
}
