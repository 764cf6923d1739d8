using System.Text;

namespace Merpati.Protocols.Sasl;

/// <summary>PLAIN (RFC 4616): <c>NUL authcid NUL passwd</c>.</summary>
internal sealed class PlainClient(string user, string password) : SaslClient
{
    public override string Mechanism => "PLAIN";

    public override ReadOnlyMemory<byte>? InitialResponse => Encoding.UTF8.GetBytes($"\0{user}\0{password}");

    public override bool IsComplete => true;

    public override ReadOnlyMemory<byte>? Respond(ReadOnlyMemory<byte> challenge) => null;
}
