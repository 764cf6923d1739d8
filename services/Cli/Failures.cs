using Merpati.Administration;

namespace Merpati.Cli;

/// <summary>Ends a command with one line for the person; the one place that catches is <see cref="MerpatiCommand"/>.</summary>
internal abstract class CommandFailure(string code, string message, int exitCode) : Exception(message)
{
    /// <summary>A stable word for scripts.</summary>
    public string Code { get; } = code;

    public int ExitCode { get; } = exitCode;
}

internal sealed class RefusedFailure(Problem problem) : CommandFailure(problem.Code, problem.Detail, Cli.ExitCode.Refused);

internal sealed class NotFoundFailure(string message) : CommandFailure("not_found", message, Cli.ExitCode.Refused);

internal sealed class UsageFailure(string message) : CommandFailure("usage", message, Cli.ExitCode.Usage);

internal sealed class DamageFailure(string message) : CommandFailure("damaged", message, Cli.ExitCode.Refused);

internal sealed class SchemaFailure(string message) : CommandFailure("schema_too_new", message, Cli.ExitCode.Refused);

internal sealed class NotReachableFailure(string message) : CommandFailure("not_reachable", message, Cli.ExitCode.NotReachable);
