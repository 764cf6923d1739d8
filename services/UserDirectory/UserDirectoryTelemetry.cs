using System.Diagnostics;
using System.Diagnostics.Metrics;
using Merpati.Accounts;

namespace Merpati.UserDirectory;

/// <summary>What UserDirectory measures. Tags are closed sets: never an address or a login.</summary>
public static class UserDirectoryTelemetry
{
    public const string Name = "Merpati.UserDirectory";

    private static readonly Meter Meter = new(Name);

    private static readonly Counter<long> Logins = Meter.CreateCounter<long>("merpati.directory.logins", "{login}", "Logins by protocol and outcome.");

    private static readonly Counter<long> Resolutions = Meter.CreateCounter<long>("merpati.directory.resolutions", "{address}", "Resolved addresses by outcome.");

    private static readonly Histogram<double> HashDuration = Meter.CreateHistogram<double>("merpati.directory.password_hash.duration", "s", "Time that an Argon2id computation took.");

    private static readonly Counter<long> Settings = Meter.CreateCounter<long>("merpati.directory.client_settings", "{request}", "Requests for settings of mail clients and the MTA-STS policy, by kind and whether there was an answer.");

    internal static ActivitySource Source { get; } = new(Name);

    internal static void CountLogin(LoginProtocol protocol, LoginOutcome outcome)
        => Logins.Add(1, new("protocol", protocol.ToString().ToLowerInvariant()), new("outcome", outcome.GetType().Name.ToLowerInvariant()));

    internal static void CountResolution(Resolution resolution)
        => Resolutions.Add(1, new KeyValuePair<string, object?>("outcome", OutcomeName(resolution)));

    internal static void RecordHash(TimeSpan duration) => HashDuration.Record(duration.TotalSeconds);

    internal static void CountSettings(string kind, bool answered) => Settings.Add(1, new("kind", kind), new("outcome", answered ? "answered" : "unknown"));

    private static string OutcomeName(Resolution resolution) => resolution switch
    {
        Resolution.LocalAccount => "account",
        Resolution.Alias => "alias",
        Resolution.UnknownUser => "unknown",
        Resolution.Disabled => "disabled",
        Resolution.Remote => "remote",
        _ => throw new UnreachableException(),
    };
}
