using Google.Protobuf;
using Grpc.Core;
using Merpati.Signing;
using Wire = Merpati.Signing.V1;

namespace Merpati.Rpc.Signing;

/// <summary>Serves <see cref="IDkimKeys"/>.</summary>
internal sealed class DkimKeysServer(IDkimKeys keys) : Wire.DkimKeysService.DkimKeysServiceBase
{
    public override async Task<Wire.SigningKeysResponse> SigningKeys(Wire.SigningKeysRequest request, ServerCallContext context)
        => new()
        {
            Keys =
            {
                (await keys.SigningKeysAsync(request.Domain, context.CancellationToken)).Select(key => new Wire.SigningKey
                {
                    Domain = key.Domain,
                    Selector = key.Selector,
                    Algorithm = (Wire.DkimAlgorithm)(key.Algorithm + 1),
                    PrivateKey = ByteString.CopyFrom(key.PrivateKey.Span),
                }),
            },
        };
}
