using System.ComponentModel;
using System.Globalization;
using Spectre.Console.Cli;

namespace Merpati.Cli.Commands.Checks;

/// <summary>A check of who sends; no server is needed.</summary>
internal class CheckOptions : GlobalOptions
{
    [CommandOption("--dns <FILE>")]
    [Description("A zone file that stands for all of DNS; without it the resolvers of this machine are asked.")]
    public string? Dns { get; init; }

    [CommandOption("--time <TIME>")]
    [Description("The time of the check, as 2026-03-01T12:00:00Z or in seconds since 1970; without it now.")]
    public string? Time { get; init; }

    /// <exception cref="UsageFailure">It is no time.</exception>
    public TimeProvider ClockOr(TimeProvider clock) => Time is null ? clock : new StoppedClock(TimeOr(clock));

    /// <exception cref="UsageFailure">It is no time.</exception>
    public DateTimeOffset TimeOr(TimeProvider clock)
    {
        if (Time is null) return clock.GetUtcNow();
        if (long.TryParse(Time, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds <= DateTimeOffset.MaxValue.ToUnixTimeSeconds()) return DateTimeOffset.FromUnixTimeSeconds(seconds);
        return DateTimeOffset.TryParse(Time, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : throw new UsageFailure($"'{Time}' is no time; write it as 2026-03-01T12:00:00Z.");
    }

    /// <summary>For what asks the clock itself, as the macro <c>%{t}</c> of SPF does.</summary>
    private sealed class StoppedClock(DateTimeOffset at) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => at;
    }
}

/// <summary>A check of one message.</summary>
internal class MessageCheckOptions : CheckOptions
{
    [CommandArgument(0, "[FILE]")]
    [Description("The message as it was received; - or nothing reads it from standard input.")]
    public string? File { get; init; }
}
