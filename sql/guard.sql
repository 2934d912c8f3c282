-- If this fails, requests may reach hosts inside the server's own network, or
-- are kept from public ones: each block's first and last address, and the
-- public addresses just outside of it.

SELECT address, paperfeed.is_private_address(address)
  FROM unnest('{
	0.0.0.0, 0.255.255.255, 1.0.0.0,
	9.255.255.255, 10.0.0.0, 10.255.255.255, 11.0.0.0,
	100.63.255.255, 100.64.0.0, 100.127.255.255, 100.128.0.0,
	126.255.255.255, 127.0.0.0, 127.0.0.1, 127.255.255.255, 128.0.0.0,
	169.253.255.255, 169.254.0.0, 169.254.169.254, 169.254.255.255, 169.255.0.0,
	172.15.255.255, 172.16.0.0, 172.31.255.255, 172.32.0.0,
	191.255.255.255, 192.0.0.0, 192.0.0.255, 192.0.1.0,
	192.0.1.255, 192.0.2.0, 192.0.2.255, 192.0.3.0,
	192.88.98.255, 192.88.99.0, 192.88.99.255, 192.88.100.0,
	192.167.255.255, 192.168.0.0, 192.168.255.255, 192.169.0.0,
	198.17.255.255, 198.18.0.0, 198.19.255.255, 198.20.0.0,
	198.51.99.255, 198.51.100.0, 198.51.100.255, 198.51.101.0,
	203.0.112.255, 203.0.113.0, 203.0.113.255, 203.0.114.0,
	223.255.255.255, 224.0.0.0, 239.255.255.255, 240.0.0.0, 255.255.255.254, 255.255.255.255
  }'::inet[]) WITH ORDINALITY AS u (address, place)
 ORDER BY place;

-- IPv6: only 2000::/3 is public, less what is special inside it
SELECT address, paperfeed.is_private_address(address)
  FROM unnest('{
	::, ::1, ::2, ::8.8.8.8, ::127.0.0.1,
	::ffff:127.0.0.1, ::ffff:8.8.8.8, ::fffe:8.8.8.8,
	64:ff9b::8.8.8.8, 64:ff9b::127.0.0.1, 64:ff9b:1::8.8.8.8, 64:ff9b:1:ffff::1,
	100::1, 1fff:ffff::, 5f00::1,
	2000::, 3ffe:ffff:ffff::, 4000::,
	fbff:ffff::, fc00::, fd12:3456::1, fdff:ffff::, fe00::,
	fe7f::1, fe80::1, febf::1, fec0::1, feff::1, ff00::, ff02::1, ffff::,
	2001:db7:ffff::, 2001:db8::1, 2001:db8:ffff::, 2001:db9::,
	3fff::1, 3fff:fff:ffff::, 3fff:1000::,
	2001:1::1, 2001:2::1, 2001:10::1, 2001:1ff:ffff::, 2001:200::,
	2606:4700::6810:84e5, 2a00:1450:4001::200e
  }'::inet[]) WITH ORDINALITY AS u (address, place)
 ORDER BY place;

-- an address that carries an IPv4 one is judged by it: 6to4, and Teredo with
-- its server (bytes 5 to 8) and its host (the last four, inverted)
SELECT address, paperfeed.is_private_address(address)
  FROM unnest('{
	2002:808:808::1, 2002:7f00:1::1, 2002:a00:1::, 2002:c0a8:101::1, 2002:a9fe:a9fe::1,
	2001:0:808:808::f7f7:f7f7, 2001:0:808:808::80ff:fffe, 2001:0:7f00:1::f7f7:f7f7, 2001:0:808:808::f5ff:fffe
  }'::inet[]) WITH ORDINALITY AS u (address, place)
 ORDER BY place;

-- the address counts, not its netmask
SELECT paperfeed.is_private_address('8.8.8.8/0') AS public_host, paperfeed.is_private_address('10.1.2.3/8') AS private_host,
	paperfeed.is_private_address(NULL) AS nothing;

-- what the list of exceptions takes and does not take
SET paperfeed.allow_private_hosts = 'feeds.corp, 127.0.0.1:8080,10.0.0.0/8 , [::1]:80, ::1, fd00::/8, a-b_c.example.';
SET paperfeed.allow_private_hosts = feeds, "intranet.corp:8080";
SHOW paperfeed.allow_private_hosts;
SET paperfeed.allow_private_hosts = '';
SET paperfeed.allow_private_hosts = ' , ,';
SET paperfeed.allow_private_hosts = '10.0.0.0/33';
SET paperfeed.allow_private_hosts = '10.0.0.0/';
SET paperfeed.allow_private_hosts = '10.0.0';
SET paperfeed.allow_private_hosts = '10.0.0.0/8:80';
SET paperfeed.allow_private_hosts = 'localhost, http://localhost/';
SET paperfeed.allow_private_hosts = 'localhost:0';
SET paperfeed.allow_private_hosts = 'localhost:65536';
SET paperfeed.allow_private_hosts = '[::1';
SET paperfeed.allow_private_hosts = '*.corp';
SELECT length(set_config('paperfeed.allow_private_hosts', repeat('a,', 256), false));
DO $$
BEGIN
	PERFORM set_config('paperfeed.allow_private_hosts', repeat('a,', 257), false);
EXCEPTION WHEN invalid_parameter_value THEN
	RAISE NOTICE 'too many entries';
END $$;
RESET paperfeed.allow_private_hosts;
