using System.Text;

namespace Merpati.Protocols.Sasl;

/// <summary>XOAUTH2, as Google and Microsoft describe it: a bearer token. A refusal comes as a challenge with the reason in JSON, which wants an empty answer.</summary>
internal sealed class XOAuth2Client(string user, string token) : SaslClient
{
    private bool _refused;

    public override string Mechanism => "XOAUTH2";

    public override ReadOnlyMemory<byte>? InitialResponse => Encoding.UTF8.GetBytes($"user={user}\u0001auth=Bearer {token}\u0001\u0001");

    public override bool IsComplete => !_refused;

    public override ReadOnlyMemory<byte>? Respond(ReadOnlyMemory<byte> challenge)
    {
        if (_refused) return null;
        _refused = true;
        return ReadOnlyMemory<byte>.Empty;
    }
}
