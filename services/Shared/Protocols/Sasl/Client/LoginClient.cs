using System.Text;

namespace Merpati.Protocols.Sasl;

/// <summary>LOGIN (draft-murchison-sasl-login): the first prompt is for the name and the second for the password, whatever their words.</summary>
internal sealed class LoginClient(string user, string password) : SaslClient
{
    private int _answered;

    public override string Mechanism => "LOGIN";

    public override ReadOnlyMemory<byte>? InitialResponse => null;

    public override bool IsComplete => _answered == 2;

    public override ReadOnlyMemory<byte>? Respond(ReadOnlyMemory<byte> challenge)
    {
        if (_answered == 2) return null;
        return Encoding.UTF8.GetBytes(++_answered == 1 ? user : password);
    }
}
