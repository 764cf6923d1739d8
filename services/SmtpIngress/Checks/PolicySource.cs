using Merpati.Mail.Policy;
using Merpati.Queueing;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Merpati.SmtpIngress.Checks;

/// <summary>
/// The policy that judges, read again when its file changes. A file that cannot be read, or whose own tests fail, leaves the last good policy in use;
/// at the start it is an error.
/// </summary>
internal sealed class PolicySource : BackgroundService
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(5);

    private readonly string? _file;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private string? _refused;

    public PolicySource(IOptions<SmtpIngressOptions> options, TimeProvider time, ILogger<PolicySource> logger)
    {
        (_file, _time, _logger) = (options.Value.Policy, time, logger);
        Current = _file is null ? StandardPolicy.Policy : ReadFile(_file);
    }

    public MailPolicy Current { get; private set; }

    /// <exception cref="PolicyException">The message says what is wrong with it, and where.</exception>
    public static MailPolicy ReadFile(string file)
    {
        string text;
        try { text = File.ReadAllText(file); }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or ArgumentException) { throw new PolicyException(fault.Message); }
        var policy = PolicyReader.Read(text);
        return policy.Test() is [var failed, ..]
            ? throw new PolicyException($"Its test '{failed.Test.Name}' expects {failed.Test.Expected.Name()}, and the rules say {failed.Verdict.Action.Name()} by {failed.Verdict.Rule}.")
            : policy;
    }

    public DecisionCapsule Judge(QueueId id, DateTimeOffset at, MailFacts facts)
    {
        var policy = Current;
        return new DecisionCapsule(id, at, policy.Version, facts, policy.Judge(facts));
    }

    /// <summary>Looks whether the file has changed.</summary>
    public void Reload()
    {
        if (_file is null) return;
        try
        {
            var policy = ReadFile(_file);
            _refused = null;
            if (policy.Version == Current.Version) return;
            Current = policy;
            _logger.PolicyChanged(_file, policy.Name, policy.Version);
        }
        catch (PolicyException fault)
        {
            // Once for each way in which it is wrong.
            if (_refused == fault.Message) return;
            _refused = fault.Message;
            _logger.PolicyUnusable(_file, fault.Message, Current.Version);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (_file is null) return;
        using var timer = new PeriodicTimer(LookAgain, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false)) Reload();
        }
        catch (OperationCanceledException) { }
    }
}
