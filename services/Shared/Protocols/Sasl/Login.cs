using System.Net;
using System.Text;
using Merpati.Accounts;

namespace Merpati.Protocols.Sasl;

/// <summary>LOGIN (draft-murchison-sasl-login): obsolete, and all that some old clients can do.</summary>
internal sealed class Login(IDirectory directory, LoginProtocol protocol, IPAddress? client) : SaslServer
{
    private string? _login;

    public override async ValueTask<SaslStep> StepAsync(ReadOnlyMemory<byte>? response, CancellationToken cancellationToken)
    {
        if (response is null) return new SaslStep.Challenge("Username:"u8.ToArray());
        if (response.Value.Length is 0 or > MaxResponseLength) return new SaslStep.Malformed("empty or too long");
        var text = Encoding.UTF8.GetString(response.Value.Span);
        if (text.Contains('\0', StringComparison.Ordinal)) return new SaslStep.Malformed("NUL");
        if (_login is null)
        {
            _login = text;
            return new SaslStep.Challenge("Password:"u8.ToArray());
        }
        return SaslStep.From(await directory.LoginAsync(_login, text, protocol, client, cancellationToken).ConfigureAwait(false));
    }
}
