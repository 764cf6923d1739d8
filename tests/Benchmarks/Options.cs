using System.Globalization;
using System.Net;

namespace Merpati.Benchmarks;

/// <summary>What was typed is not what the command understands.</summary>
internal sealed class UsageException(string message) : Exception(message);

/// <summary><c>--name value</c> pairs; a name without a value is a switch.</summary>
internal sealed class Options
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    public Options(ReadOnlySpan<string> arguments)
    {
        for (var i = 0; i < arguments.Length; i++)
        {
            if (!arguments[i].StartsWith("--", StringComparison.Ordinal)) throw new UsageException($"'{arguments[i]}' is no option");
            var hasValue = i + 1 < arguments.Length && !arguments[i + 1].StartsWith("--", StringComparison.Ordinal);
            _values[arguments[i][2..]] = hasValue ? arguments[++i] : "true";
        }
    }

    public bool Has(string name) => _values.ContainsKey(name);

    public string Text(string name, string? otherwise = null) => _values.GetValueOrDefault(name) ?? otherwise ?? throw new UsageException($"--{name} is missing");

    public int Number(string name, int? otherwise = null)
    {
        if (!_values.TryGetValue(name, out var text)) return otherwise ?? throw new UsageException($"--{name} is missing");
        return int.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) && number >= 0 ? number : throw new UsageException($"--{name} must be a number");
    }

    public int[] Numbers(string name, params int[] otherwise)
        => _values.TryGetValue(name, out var text) ? [.. text.Split(',').Select(part => new Options(["--" + name, part]).Number(name))] : otherwise;

    public IPEndPoint EndPoint(int port)
        => IPAddress.TryParse(Text("host", "127.0.0.1"), out var address) ? new IPEndPoint(address, Number("port", port)) : throw new UsageException("--host must be an IP address");
}
