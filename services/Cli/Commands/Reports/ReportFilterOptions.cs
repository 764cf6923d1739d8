using System.ComponentModel;
using System.Globalization;
using Merpati.Cli.Terminal;
using Spectre.Console.Cli;

namespace Merpati.Cli.Commands.Reports;

/// <summary>Which of the reports that came in.</summary>
internal sealed class ReportFilterOptions : GlobalOptions
{
    [CommandOption("--domain <NAME>")]
    [Description("The domain whose policy the reports are about.")]
    public string? Domain { get; init; }

    [CommandOption("--since <AGE>")]
    [Description("Reports that came within this time, such as 30d; a week without it.")]
    public string? Since { get; init; }

    /// <summary>The time of <see cref="Since"/>, as the server takes it.</summary>
    public string? From()
    {
        if (Since is null) return null;
        if (!Age.TryParse(Since, out var age)) throw new UsageFailure($"'{Since}' is no time; write 7d or 24h.");
        return (TimeProvider.System.GetUtcNow() - age).ToString("O", CultureInfo.InvariantCulture);
    }

    /// <summary>The line below the table.</summary>
    /// <param name="what">What is listed, where it is not all.</param>
    public static string Told(int reports, DateTimeOffset since, int unverified, bool cut, string what)
        => string.Create(CultureInfo.InvariantCulture, $"{reports} reports since {When.Format(since)}{(unverified > 0 ? $", {unverified} of them not proven to be of whom they say" : "")}{(cut ? $"; there are more {what} than are listed" : "")}.");
}
